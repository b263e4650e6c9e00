#include <charconv>
#include <functional>
#include <string>
#include <string_view>

#include <proxystore/connectors/redis.hpp>
#include <proxystore/error.hpp>

namespace proxystore {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view tcp_kind = "redis", tls_kind = "rediss", unix_kind = "redis+unix";

int number(std::string_view text, std::string_view what) {
  int value = 0;
  auto const [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || rest != text.data() + text.size())
    throw ConfigError("the " + std::string(what) + " '" + std::string(text) +
                      "' of a redis connector is no number; write redis://host:6379/0");
  return value;
}

/// Cuts what stands before `separator` off the front of `text`; all if there is none.
std::string_view cut(std::string_view& text, std::size_t at) {
  auto const front = text.substr(0, at);
  text.remove_prefix(std::min(text.size(), at == text.npos ? at : at + 1));
  return front;
}

/// [user[:password]@]host[:port][/database]
void read_location(std::string_view text, RedisOptions& options) {
  if (auto const at = text.rfind('@'); at != text.npos) {
    auto person = cut(text, at);
    options.user = cut(person, person.find(':'));
    options.password = person;
  }
  auto host = cut(text, text.find('/'));
  if (!text.empty()) options.database = number(text, "database");
  if (host.starts_with('[')) {  // an IPv6 address
    options.host = host.substr(1, host.find(']') - 1);
    host.remove_prefix(std::min(host.find(']'), host.size() - 1) + 1);
  } else if (auto const name = host.substr(0, host.find(':')); !name.empty()) {
    options.host = name;
    host.remove_prefix(name.size());
  }
  if (host.starts_with(':')) options.port = number(host.substr(1), "port");
}

RedisOptions options_of(Config const& config) {
  config.expect_only({"user", "password", "password_env", "database", "prefix", "timeout", "reconnect", "expiry",
                      "remember", "poll", "connections", "part_size", "ca", "cert", "key"});
  RedisOptions options;
  std::string_view location = config.location();
  if (location.starts_with("//")) location.remove_prefix(2);
  if (config.kind() == unix_kind) {
    options.transport = RedisTransport::unix_socket;
    options.path = location;
  } else {
    if (config.kind() == tls_kind) options.transport = RedisTransport::tls;
    read_location(location, options);
  }
  auto const text = [&](char const* name, std::string& out) { out = config.text(name).value_or(out); };
  auto const time = [&](char const* name, milliseconds& out) {
    if (auto const value = config.duration(name)) out = std::chrono::ceil<milliseconds>(*value);
  };
  text("user", options.user);
  text("password", options.password);
  text("password_env", options.password_env);
  text("prefix", options.prefix);
  text("ca", options.ca);
  text("cert", options.cert);
  text("key", options.key);
  time("timeout", options.timeout);
  time("reconnect", options.reconnect);
  time("expiry", options.expiry);
  time("remember", options.remember);
  time("poll", options.poll);
  if (auto const database = config.text("database")) options.database = number(*database, "database");
  options.connections = config.size("connections").value_or(options.connections);
  options.part_size = config.size("part_size").value_or(options.part_size);
  return options;
}

std::string location_of(RedisOptions const& options) {
  if (options.transport == RedisTransport::unix_socket) return "//" + options.path;
  bool const ipv6 = options.host.find(':') != std::string::npos;
  return "//" + (ipv6 ? '[' + options.host + ']' : options.host) + ':' + std::to_string(options.port) + '/' +
         std::to_string(options.database);
}

}  // namespace

Config RedisConnector::config() const {
  RedisOptions const usual;
  bool const socket = options_.transport == RedisTransport::unix_socket;
  Config config(std::string(socket ? unix_kind : options_.transport == RedisTransport::tls ? tls_kind : tcp_kind),
                location_of(options_));
  auto const text = [&](char const* name, std::string const& value) {
    if (!value.empty()) config.set(name, value);
  };
  auto const time = [&](char const* name, milliseconds value, milliseconds default_value) {
    if (value != default_value) config.set(name, std::to_string(value.count()) + "ms");
  };
  auto const size = [&](char const* name, std::size_t value, std::size_t default_value) {
    if (value != default_value) config.set(name, std::to_string(value));
  };
  if (socket) size("database", static_cast<std::size_t>(options_.database), 0);
  text("user", options_.user);
  text("password", options_.password);
  text("password_env", options_.password_env);
  text("prefix", options_.prefix);
  text("ca", options_.ca);
  text("cert", options_.cert);
  text("key", options_.key);
  time("timeout", options_.timeout, usual.timeout);
  time("reconnect", options_.reconnect, usual.reconnect);
  time("expiry", options_.expiry, usual.expiry);
  time("remember", options_.remember, usual.remember);
  time("poll", options_.poll, usual.poll);
  size("connections", options_.connections, usual.connections);
  size("part_size", options_.part_size, usual.part_size);
  return config;
}

void RedisConnector::add_kind(Registry& registry) {
  for (auto const kind : {tcp_kind, tls_kind, unix_kind})
    registry.add_kind(std::string(kind), Registry::Deferral::yes,
                      [](Config const& config) { return std::make_unique<RedisConnector>(options_of(config)); });
}

}  // namespace proxystore
