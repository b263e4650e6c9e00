#include <iostream>
#include <optional>
#include <span>

#include <proxystore/connectors/endpoint.hpp>
#include <proxystore/error.hpp>

#include "commands.hpp"
#include "home.hpp"
#include "status.hpp"

namespace proxystore::detail {
namespace {

namespace fs = std::filesystem;

/// call(connector), with one line for what goes wrong.
template <class Call>
int with(fs::path const& home, TestOptions const& options, Call const& call) {
  try {
    auto const config = read_config(home / options.name);
    if (!config.host || status_of(home / options.name) == Status::stopped)
      throw ConnectorError("endpoint '" + options.name + "' is not running; start it: proxystore-endpoint start " +
                           options.name);
    EndpointConnector connector({.host = *config.host, .port = config.port});
    call(connector);
    return 0;
  } catch (Error const& error) {
    std::cerr << "proxystore-endpoint: " << error.what() << '\n';
    return 1;
  }
}

Key key_of(std::string const& key, TestOptions const& options) { return EndpointKey{key, options.remote}.key(); }

/// As text, if it is one.
void show(Bytes const& object) {
  auto const text = object.text();
  auto const end = text.find('\n');
  if (end != text.npos && (text.starts_with("US") || text.starts_with("BS")))
    std::cout << "Result: " << text.substr(end + 1) << '\n';
  else std::cout << "Result: " << object.size() << " bytes\n";
}

}  // namespace

int test_put(fs::path const& home, TestOptions const& options, std::string const& data) {
  return with(home, options, [&](EndpointConnector& endpoint) {
    auto const id = make_uuid_key().text();
    auto const text = "US\n" + data;
    endpoint.set(key_of(id, options), Buffer::copy_of(std::as_bytes(std::span(text))));
    std::cout << "Put object in endpoint with key " << id << '\n';
  });
}

int test_get(fs::path const& home, TestOptions const& options, std::string const& key) {
  return with(home, options, [&](EndpointConnector& endpoint) {
    auto const object = endpoint.get(key_of(key, options));
    if (object) show(*object);
    else std::cout << "Object does not exist.\n";
  });
}

int test_exists(fs::path const& home, TestOptions const& options, std::string const& key) {
  return with(home, options, [&](EndpointConnector& endpoint) {
    std::cout << "Object exists: " << (endpoint.exists(key_of(key, options)) ? "True" : "False") << '\n';
  });
}

int test_evict(fs::path const& home, TestOptions const& options, std::string const& key) {
  return with(home, options, [&](EndpointConnector& endpoint) {
    endpoint.evict(key_of(key, options));
    std::cout << "Evicted object from endpoint.\n";
  });
}

}  // namespace proxystore::detail
