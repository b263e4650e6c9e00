// Another process, for the tests of the hdf5 connector:
//     hdf5_peer produce|fail|consume FILE    with the serialized future in FILE
//     hdf5_peer set CONNECTOR KEY TEXT       prints "set" or "already set"
//     hdf5_peer write CONNECTOR COUNT        prints its process id, and the key of each array when it is announced
//     hdf5_peer read CONNECTOR               gets what each line on stdin names
//     hdf5_peer fill CONNECTOR               fills the disk, and goes on
#include <cstdlib>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <iterator>
#include <numeric>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

#include <proxystore/connectors/connectors.hpp>
#include <proxystore/proxystore.hpp>

namespace {

using namespace proxystore;
using Field = Array<double>;
constexpr auto patience = std::chrono::seconds(50);

void expect(bool condition, std::string const& what) {
  if (!condition) throw std::runtime_error("not true: " + what);
}

Future<Field> future_in(std::string const& file) {
  std::ifstream in(file, std::ios::binary);
  std::string const bytes{std::istreambuf_iterator<char>(in), {}};
  return deserialize<Future<Field>>(Bytes::copy_of(bytes));
}

/// Large enough to be read and written in parts, and different each time.
Field field(std::size_t i) {
  Field out({100 + i % 7, 500});
  std::iota(out.begin(), out.end(), static_cast<double>(i));
  return out;
}

bool is_field(Field const& array) { return !array.empty() && array == field(static_cast<std::size_t>(array[0])); }

void consume(std::string const& file) {
  try {
    auto const future = future_in(file);
    auto const& array = future.result(patience);
    std::cout << std::setprecision(17) << std::accumulate(array.begin(), array.end(), 0.0) << '\n';
  } catch (RemoteError const& error) {
    std::cout << error.failure().type << ": " << error.failure().message << '\n';
  }
}

void set(Store& store, std::string const& key, std::string const& text) {
  try {
    store.connector().deferrable()->set(Key(key), Serializer<std::string>::encode(text, heap()));
    std::cout << "set\n";
  } catch (AlreadySet const&) {
    std::cout << "already set\n";
  }
}

void write(Store& store, std::size_t count) {
  std::cout << getpid() << std::endl;
  for (std::size_t i = 0; i < count; ++i) std::cout << store.put(field(i)) << std::endl;
}

void read(Store& store) {
  std::size_t count = 0;
  for (std::string key; std::getline(std::cin, key); ++count) {
    auto const array = store.get<Field>(Key(key));
    expect(array && is_field(*array), "the array " + key + " is there and whole");
  }
  expect(count > 0, "something was read");
}

/// REQUIRES: at most 2 MiB of room
void fill(Store& store) {
  auto const first = store.put(field(1));
  auto const pending = store.future<Field>();
  std::vector<Key> small;
  std::string full;
  for (auto const& elements : {1'000'000UL, 100'000UL, 100UL, 1UL}) try {
      for (int i = 0; i < 10'000; ++i) small.push_back(store.put(Field({elements})));
    } catch (StoreFull const& error) {
      full = error.what();
    }
  expect(full.find("of") != std::string::npos, "a full disk is StoreFull, with its numbers: " + full);
  try {
    pending.set_result(Field({1'000'000}));
    expect(false, "a future is not set on a full disk");
  } catch (StoreFull const&) {
    expect(!pending.done(), "a future is pending after it could not be set");
  }
  auto const found = store.get<Field>(first);
  expect(found && is_field(*found), "another object is whole");
  for (auto const& key : small) store.evict(key);
  pending.set_result(field(2));
  expect(is_field(pending.result()), "after eviction there is room again");
  expect(is_field(store.get<Field>(store.put(field(3))).value()), "and more");
}

}  // namespace

int main(int argc, char** argv) try {
  std::vector<std::string> const words(argv + 1, argv + argc);
  register_connectors();
  auto const& command = words.at(0);
  if (command == "produce") future_in(words.at(1)).set_result(field(5));
  else if (command == "fail") future_in(words.at(1)).set_exception(std::out_of_range("step 7 diverged"));
  else if (command == "consume") consume(words.at(1));
  if (command == "produce" || command == "fail" || command == "consume") return 0;

  Store store = Store::open("peer", words.at(1), {.cache_objects = 0});
  if (command == "set") set(store, words.at(2), words.at(3));
  else if (command == "write") write(store, std::stoul(words.at(2)));
  else if (command == "read") read(store);
  else if (command == "fill") fill(store);
  else throw std::runtime_error("no such command: " + command);
} catch (std::exception const& error) {
  std::cerr << "hdf5_peer: " << error.what() << '\n';
  return 1;
}
