// The other process of tests: does what its standard input says, one answer a line. `ready` once it has opened.
//     peer DIRECTORY[?OPTIONS]
#include <chrono>
#include <iostream>
#include <sstream>
#include <string>

#include <proxystore/connectors/connectors.hpp>
#include <proxystore/proxystore.hpp>

#include "../../contract/filling.hpp"

using namespace proxystore;

namespace {

using contract::filled;
using contract::is_filled;

constexpr std::chrono::seconds patience(50);
constexpr char const* states[] = {"pending", "ready", "gone", "broken"};

struct Command {
  std::string name, key;
  std::size_t size = 0;     // or milliseconds
  std::uint64_t seed = 0;   // of filled()
  std::string text;         // of an object for Python
};

std::string wait(DeferrableConnector& connector, Command const& command) {
  if (connector.wait(Key(command.key), std::chrono::milliseconds(1)) == State::pending) std::cout << "waiting" << std::endl;
  return states[static_cast<int>(connector.wait(Key(command.key), patience))];
}

std::string get(Connector& connector, Command const& command) {
  auto const object = connector.get(Key(command.key));
  if (!object) return "absent";
  return object->size() == command.size && is_filled(object->span(), command.seed) ? "whole" : "wrong";
}

/// Object after object, each told of only then, until it is killed.
[[noreturn]] void storm(DeferrableConnector& connector) {
  for (std::uint64_t seed = 0;; ++seed) {
    std::size_t const size = seed % 3 == 0 ? 4 << 20U : seed * 997 % 60'000;
    Key const key = connector.new_key({});
    std::cout << key << ' ' << size << ' ' << seed << std::endl;
    connector.set(key, filled(size, seed));
    std::cout << "set" << std::endl;
  }
}

std::string text_of(std::optional<Bytes> const& object) {
  return object ? Serializer<std::string>::decode(*object) : "absent";
}

std::string answer(Store& store, Command const& command) {
  auto& connector = *store.connector().deferrable();
  Key const key(command.key);
  if (command.name == "new_key") return connector.new_key({}).text();
  if (command.name == "put") return connector.put(filled(command.size, command.seed)).text();
  if (command.name == "put_text") return store.put(command.text).text();
  if (command.name == "set") return connector.set(key, filled(command.size, command.seed)), "done";
  if (command.name == "set_text") return connector.set(key, Serializer<std::string>::encode(command.text, heap())), "done";
  if (command.name == "get") return get(connector, command);
  if (command.name == "get_text") return text_of(connector.get(key));
  if (command.name == "wait") return wait(connector, command);
  if (command.name == "exists") return connector.exists(key) ? "yes" : "no";
  if (command.name == "evict") return connector.evict(key), "done";
  if (command.name == "storm") storm(connector);
  return "no such command: " + command.name;
}

}  // namespace

int main(int, char** argv) {
  register_connectors();
  auto store = Store::open("peer", std::string("file:") + argv[1]);
  std::cout << "ready" << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    Command command;
    std::istringstream words(line);
    words >> command.name >> command.key;
    if (command.name.ends_with("_text")) words >> command.text;
    else words >> command.size >> command.seed;
    try {
      std::cout << answer(store, command) << std::endl;
    } catch (Error const& error) {
      std::cout << name_of(error.code()) << std::endl;
    }
  }
}
