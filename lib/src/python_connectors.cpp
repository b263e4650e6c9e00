#include "python_connectors.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

#include <proxystore/error.hpp>

namespace proxystore::detail {
namespace {

using pickle::Dict;
using pickle::List;
using pickle::Value;

constexpr std::string_view package = "proxystore.connectors.";

struct Kind {
  std::string_view name, module, key_type;
  std::size_t fields;  // of a key
};
constexpr std::array<Kind, 3> kinds{{{"redis", "proxystore.connectors.redis", "RedisKey", 1},
                                     {"file", "proxystore.connectors.file", "FileKey", 1},
                                     {"endpoint", "proxystore.connectors.endpoint", "EndpointKey", 2}}};

Kind const* find(std::string_view name) {
  auto const found = std::find_if(kinds.begin(), kinds.end(), [&](Kind const& kind) { return kind.name == name; });
  return found == kinds.end() ? nullptr : &*found;
}

std::string_view without_slashes(std::string_view location) {
  return location.substr(location.starts_with("//") ? 2 : 0);
}

Dict redis_options(Config const& config) {
  for (auto const* option : {"user", "password", "password_env", "ca", "cert", "key"})
    if (config.text(option))
      throw ConfigError("connector redis cannot go to Python with the option " + std::string(option) +
                        " (Python ProxyStore's RedisConnector knows no users and no TLS) use a server without");
  if (config.kind() != "redis")
    throw ConfigError("connector " + config.kind() +
                      " cannot go to Python (its RedisConnector speaks plain TCP alone) "
                      "use redis://host:port/0");
  auto host = without_slashes(config.location());
  auto const slash = host.rfind('/');
  if (slash != host.npos && host.substr(slash) != "/0")
    throw ConfigError("connector redis cannot go to Python with database " + std::string(host.substr(slash + 1)) +
                      " (its RedisConnector knows database 0 alone) use redis://host:port/0");
  host = host.substr(0, slash);
  auto const colon = host.rfind(':');
  int port = 0;
  std::from_chars(host.data() + colon + 1, host.data() + host.size(), port);
  host = host.substr(0, colon);
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  return {{"hostname", host}, {"port", port}, {"clear", false}};
}

List names_in(std::string_view text) {
  List names;
  while (!text.empty()) {
    auto const name = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), name.size() + 1));
    names.emplace_back(name);
  }
  return names;
}

Dict endpoint_options(Config const& config, std::string const& endpoint) {
  auto const home = config.text("home");
  bool const by_address = config.location().starts_with("//");
  return {{"endpoints", by_address ? List{endpoint} : names_in(config.location())},
          {"proxystore_dir", home ? Value(*home) : Value()}};
}

template <class T>
T const& option(Dict const& options, char const* name) {
  auto const* const value = options.find(name);
  if (!value || !value->is<T>())
    throw CorruptObject("the config of a connector of Python has no good " + std::string(name));
  return value->get<T>();
}

}  // namespace

std::string_view python_kind(std::string_view kind) {
  if (kind == "rediss" || kind == "redis+unix") kind = "redis";
  auto const* const known = find(kind);
  return known ? known->name : std::string_view();
}

PythonStore python_store(Config const& config, Key const& key) {
  auto const* const kind = find(python_kind(config.kind()));
  if (!kind)
    throw ConfigError("connector " + config.kind() +
                      " cannot go to Python (Python ProxyStore has none that reads it) "
                      "open the store on redis, file or endpoint");
  PythonStore store{kind->module, kind->key_type, {key.text()}, kind->name, {}};
  if (kind->name == "redis") {
    store.options = redis_options(config);
    store.key[0] = config.text("prefix").value_or("") + key.text();
  } else if (kind->name == "file") {
    store.options = {{"store_dir", without_slashes(config.location())}, {"clear", false}};
  } else {
    auto const at = std::min(key.text().rfind('@'), key.text().size());
    store.key = {key.text().substr(0, at), key.text().substr(std::min(at + 1, key.text().size()))};
    store.options = endpoint_options(config, store.key[1]);
  }
  return store;
}

Config config_from_python(std::string const& name, Dict const& options) {
  std::string kind = name.starts_with(package) ? name.substr(name.rfind('.') + 1) : name;
  std::transform(kind.begin(), kind.end(), kind.begin(), [](unsigned char c) { return std::tolower(c); });
  if (kind.ends_with("connector")) kind.resize(kind.size() - std::string_view("connector").size());
  if (!find(kind))
    throw UnknownStore("a proxy of Python is on connector '" + name +
                       "', which there is not here (redis, file and endpoint there are) use one of these");
  if (kind == "file") return Config("file", "//" + option<std::string>(options, "store_dir"));
  if (kind == "redis") {
    auto host = option<std::string>(options, "hostname");
    if (host.find(':') != host.npos) host = '[' + host + ']';
    return Config("redis", "//" + host + ':' + std::to_string(option<std::int64_t>(options, "port")) + "/0");
  }
  std::string endpoints;
  for (auto const& endpoint : option<List>(options, "endpoints"))
    endpoints += (endpoints.empty() ? "" : ",") + (endpoint.is<std::string>() ? endpoint.get<std::string>() : "?");
  Config config("endpoint", endpoints);
  if (auto const* const home = options.find("proxystore_dir"); home && home->is<std::string>())
    config.set("home", home->get<std::string>());
  return config;
}

Key key_from_python(std::string_view module, std::string_view type, std::vector<std::string> const& fields,
                    Config const& own) {
  auto const* const kind = find(python_kind(own.kind()));
  if (!kind || module != kind->module || type != kind->key_type || fields.size() != kind->fields)
    throw CorruptObject("a proxy of Python has a key of type " + std::string(module) + '.' + std::string(type) +
                        ", but its store is on connector '" + own.kind() + "'");
  if (fields.size() == 2) return Key(fields[1].empty() ? fields[0] : fields[0] + '@' + fields[1]);
  auto const prefix = own.text("prefix").value_or("");
  if (fields[0].starts_with(prefix)) return Key(fields[0].substr(prefix.size()));
  throw CorruptObject("key '" + fields[0] + "' of a proxy of Python does not begin with the prefix '" + prefix +
                      "' that the store here has");
}

}  // namespace proxystore::detail
