#include "home.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string_view>
#include <system_error>

#include <toml++/toml.h>
#include <unistd.h>

#include <proxystore/error.hpp>

#include "names.hpp"

namespace proxystore::detail {
namespace {

namespace fs = std::filesystem;

constexpr auto config_file = "config.toml";

std::string environment(char const* name) {
  auto const* value = std::getenv(name);
  return value ? value : "";
}

template <class T>
std::optional<T> value_at(toml::table const& table, std::string_view path, std::string const& kind) {
  auto const node = table.at_path(path);
  if (!node) return std::nullopt;
  if (auto const value = node.value_exact<T>()) return value;
  throw ConfigError("'" + std::string(path) + "' is no " + kind);
}

/// Who misspells an option of who may do what shall learn it.
void expect_only(toml::table const& table, std::string const& where, std::initializer_list<std::string_view> known) {
  for (auto const& [name, value] : table)
    if (std::find(known.begin(), known.end(), name.str()) == known.end())
      throw ConfigError("'" + where + "' has no option '" + std::string(name.str()) + "'");
}

Credentials credentials_of(toml::table const& table) {
  auto const text = [&](std::string_view name) { return value_at<std::string>(table, name, "text"); };
  return {text("secret_file"), text("ca"), text("certificate"), text("key")};
}

KnownEndpoint known_of(toml::table const& table) {
  expect_only(table, "peering.known", {"uuid", "address", "secret_file", "always"});
  auto const uuid = uuid_of(value_at<std::string>(table, "uuid", "text").value_or(""));
  if (!uuid) throw ConfigError("an entry of 'peering.known' has no 'uuid' that is one");
  return {*uuid, value_at<std::string>(table, "address", "text"), value_at<std::string>(table, "secret_file", "text"),
          value_at<bool>(table, "always", "true or false").value_or(false)};
}

PeeringConfig peering_of(toml::table const& table) {
  expect_only(table, "peering", {"listen", "secret_file", "ca", "certificate", "key", "known_only", "relay", "known"});
  PeeringConfig peering;
  peering.listen = value_at<std::string>(table, "listen", "text");
  peering.credentials = credentials_of(table);
  peering.known_only = value_at<bool>(table, "known_only", "true or false").value_or(false);
  if (auto const* const relay = table["relay"].as_table()) {
    expect_only(*relay, "peering.relay", {"address", "secret_file", "ca", "certificate", "key"});
    peering.relay = value_at<std::string>(*relay, "address", "text");
    if (!peering.relay) throw ConfigError("'peering.relay.address' is missing");
    peering.relay_credentials = credentials_of(*relay);
  }
  if (auto const known = table["known"]) {
    auto const* const list = known.as_array();
    if (!list || !list->is_homogeneous<toml::table>()) throw ConfigError("'peering.known' is no list of tables");
    for (auto const& one : *list) peering.known.push_back(known_of(*one.as_table()));
  }
  return peering;
}

EndpointConfig config_of(toml::table const& table) {
  auto const text = [&](std::string_view path) { return value_at<std::string>(table, path, "text"); };
  auto const number = [&](std::string_view path) { return value_at<std::int64_t>(table, path, "integer"); };
  auto const required = [](auto value, char const* what) {
    if (!value) throw ConfigError("'" + std::string(what) + "' is missing");
    return *value;
  };
  EndpointConfig config;
  config.name = required(text("name"), "name");
  if (!is_endpoint_name(config.name)) throw ConfigError("'name' has other characters than letters, digits, - and _");
  auto const uuid = uuid_of(required(text("uuid"), "uuid"));
  if (!uuid) throw ConfigError("'uuid' is no UUID");
  config.uuid = *uuid;
  auto const port = required(number("port"), "port");
  if (port < 1 || port > 65535) throw ConfigError("'port' is not from 1 to 65535");
  config.port = static_cast<int>(port);
  config.host = text("host");
  config.host_type = text("host_type").value_or("ip");
  if (config.host_type != "ip" && config.host_type != "fqdn" && config.host_type != "static")
    throw ConfigError("'host_type' is not one of ip, fqdn, static");
  config.relay = text("relay.address");
  config.database = text("storage.database_path");
  auto const size = number("storage.max_object_size").value_or(static_cast<std::int64_t>(config.max_object_size));
  if (size < 1) throw ConfigError("'storage.max_object_size' is not positive");
  config.max_object_size = static_cast<std::size_t>(size);
  if (auto const peering = table["peering"]) {
    if (!peering.is_table()) throw ConfigError("'peering' is no table");
    config.peering = peering_of(*peering.as_table());
  }
  return config;
}

void insert(toml::table& table, char const* name, std::optional<std::string> const& value) {
  if (value) table.insert(name, *value);
}

toml::table table_of(Credentials const& credentials) {
  toml::table table;
  insert(table, "secret_file", credentials.secret_file);
  insert(table, "ca", credentials.ca);
  insert(table, "certificate", credentials.certificate);
  insert(table, "key", credentials.key);
  return table;
}

toml::table table_of(PeeringConfig const& peering) {
  auto table = table_of(peering.credentials);
  insert(table, "listen", peering.listen);
  table.insert("known_only", peering.known_only);
  if (peering.relay) {
    auto relay = table_of(peering.relay_credentials);
    relay.insert("address", *peering.relay);
    table.insert("relay", relay);
  }
  toml::array known;
  for (auto const& one : peering.known) {
    toml::table entry{{"uuid", one.uuid}, {"always", one.always}};
    insert(entry, "address", one.address);
    insert(entry, "secret_file", one.secret_file);
    known.push_back(entry);
  }
  if (!known.empty()) table.insert("known", known);
  return table;
}

toml::table table_of(EndpointConfig const& config) {
  toml::table relay{
      {"peer_channels", 1}, {"verify_certificate", true}, {"auth", toml::table{{"kwargs", toml::table{}}}}};
  insert(relay, "address", config.relay);
  toml::table storage{{"max_object_size", static_cast<std::int64_t>(config.max_object_size)}};
  insert(storage, "database_path", config.database);
  toml::table table{{"name", config.name},           {"uuid", config.uuid}, {"port", config.port},
                    {"host_type", config.host_type}, {"relay", relay},      {"storage", storage}};
  insert(table, "host", config.host);
  if (config.peering) table.insert("peering", table_of(*config.peering));
  return table;
}

}  // namespace

bool is_endpoint_name(std::string const& name) noexcept {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

fs::path default_home() {
  if (auto const home = environment("PROXYSTORE_HOME"); !home.empty()) return fs::absolute(home);
  auto const data = environment("XDG_DATA_HOME");
  return fs::absolute(fs::path(data.empty() ? environment("HOME") + "/.local/share" : data) / "proxystore");
}

EndpointConfig read_config(fs::path const& folder) {
  auto const file = (folder / config_file).string();
  std::ifstream in(file);
  if (!in) throw ConfigError("there is no endpoint in " + folder.string() + " (it has no readable config.toml)");
  std::stringstream text;
  text << in.rdbuf();
  try {
    return config_of(toml::parse(text.str()));
  } catch (toml::parse_error const& error) {
    throw ConfigError(file + " cannot be read (line " + std::to_string(error.source().begin.line) + ": " +
                      std::string(error.description()) + ") correct it");
  } catch (ConfigError const& error) {
    throw ConfigError(file + " cannot be used (" + error.what() + ") correct it");
  }
}

void write_config(EndpointConfig const& config, fs::path const& folder) {
  fs::create_directories(folder);
  auto const file = folder / config_file;
  auto const draft = folder / (std::string(".") + config_file + "." + std::to_string(getpid()));
  {
    std::ofstream out(draft);
    out << table_of(config) << '\n';
    if (!out.flush()) throw std::system_error(errno, std::generic_category(), "cannot write " + draft.string());
  }
  fs::rename(draft, file);
}

std::vector<FoundEndpoint> find_endpoints(fs::path const& home) {
  std::vector<FoundEndpoint> found;
  std::error_code ignored;
  for (fs::recursive_directory_iterator at(home, ignored), end; at != end; at.increment(ignored)) {
    if (ignored) break;
    if (at.depth() > 2) at.disable_recursion_pending();
    if (!at->is_directory(ignored)) continue;
    try {
      found.push_back({at->path(), read_config(at->path())});
    } catch (ConfigError const&) {  // of another program, or broken: not one to be found
    }
  }
  std::sort(found.begin(), found.end(), [](auto const& a, auto const& b) { return a.config.name < b.config.name; });
  return found;
}

}  // namespace proxystore::detail
