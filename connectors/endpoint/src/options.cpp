#include <charconv>
#include <string>
#include <string_view>

#include <proxystore/connectors/endpoint.hpp>
#include <proxystore/error.hpp>

namespace proxystore {
namespace {

using std::chrono::milliseconds;

/// //host:port
void read_address(std::string_view text, EndpointOptions& options) {
  auto const colon = text.rfind(':');
  auto host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);  // an IPv6 address
  auto const port = colon == text.npos ? std::string_view() : text.substr(colon + 1);
  auto const [rest, error] = std::from_chars(port.data(), port.data() + port.size(), options.port);
  if (host.empty() || error != std::errc() || rest != port.data() + port.size())
    throw ConfigError("the address '//" + std::string(text) +
                      "' of an endpoint connector is not understood; write endpoint://host:port");
  options.host = host;
}

EndpointOptions options_of(Config const& config) {
  config.expect_only({"home", "timeout", "reconnect", "poll", "connections"});
  EndpointOptions options;
  std::string_view location = config.location();
  if (location.starts_with("//")) {
    read_address(location.substr(2), options);
  } else {
    while (!location.empty()) {
      auto const one = location.substr(0, location.find(','));
      options.endpoints.emplace_back(one);
      location.remove_prefix(std::min(location.size(), one.size() + 1));
    }
  }
  auto const time = [&](char const* name, milliseconds& out) {
    if (auto const value = config.duration(name)) out = std::chrono::ceil<milliseconds>(*value);
  };
  options.home = config.text("home").value_or("");
  time("timeout", options.timeout);
  time("reconnect", options.reconnect);
  time("poll", options.poll);
  options.connections = config.size("connections").value_or(options.connections);
  return options;
}

std::string location_of(EndpointOptions const& options) {
  if (!options.host.empty()) {
    bool const ipv6 = options.host.find(':') != std::string::npos;
    return "//" + (ipv6 ? '[' + options.host + ']' : options.host) + ':' + std::to_string(options.port);
  }
  std::string list;
  for (auto const& endpoint : options.endpoints) list += (list.empty() ? "" : ",") + endpoint;
  return list;
}

}  // namespace

Config EndpointConnector::config() const {
  EndpointOptions const usual;
  Config config("endpoint", location_of(options_));
  auto const time = [&](char const* name, milliseconds value, milliseconds default_value) {
    if (value != default_value) config.set(name, std::to_string(value.count()) + "ms");
  };
  if (!options_.home.empty()) config.set("home", options_.home);
  time("timeout", options_.timeout, usual.timeout);
  time("reconnect", options_.reconnect, usual.reconnect);
  time("poll", options_.poll, usual.poll);
  if (options_.connections != usual.connections) config.set("connections", std::to_string(options_.connections));
  return config;
}

void EndpointConnector::add_kind(Registry& registry) {
  registry.add_kind("endpoint", Registry::Deferral::yes,
                    [](Config const& config) { return std::make_unique<EndpointConnector>(options_of(config)); });
}

}  // namespace proxystore
