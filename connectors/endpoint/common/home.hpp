/// Endpoints of a user: one folder each, as Python ProxyStore keeps them.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace proxystore::detail {

/// What an endpoint proves itself with to others: a shared secret, or certificates.
struct Credentials {
  std::optional<std::string> secret_file = std::nullopt;
  std::optional<std::string> ca = std::nullopt, certificate = std::nullopt, key = std::nullopt;
  friend bool operator==(Credentials const&, Credentials const&) = default;
};

struct KnownEndpoint {
  std::string uuid;
  std::optional<std::string> address = std::nullopt;      ///< host:port; absent: it dials, or is met at the relay
  std::optional<std::string> secret_file = std::nullopt;  ///< with it alone, in place of the shared one
  bool always = false;                                    ///< keeps a link to it, so that it can ask too
};

/// The table `peering` of a config.toml.
struct PeeringConfig {
  std::optional<std::string> listen = std::nullopt;  ///< host:port; absent: nobody can dial this endpoint
  Credentials credentials = {};
  bool known_only = false;                          ///< only `known` may dial
  std::optional<std::string> relay = std::nullopt;  ///< host:port
  Credentials relay_credentials = {};               ///< empty: the same as for peers
  std::vector<KnownEndpoint> known = {};
};

/// A config.toml. Members are Python's, and those that its reader passes over.
struct EndpointConfig {
  std::string name;  ///< letters, digits, - and _
  std::string uuid;
  int port = 0;
  std::optional<std::string> host = std::nullopt;       ///< absent: has not been started yet
  std::string host_type = "static";                     ///< or "ip", "fqdn": looked up at each start
  std::optional<std::string> relay = std::nullopt;      ///< of Python's peering, which is not offered here
  std::optional<std::string> database = std::nullopt;   ///< file that keeps the objects; absent: memory alone
  std::size_t max_object_size = 100'000'000;            ///< bytes
  std::optional<PeeringConfig> peering = std::nullopt;  ///< absent: it has no peers
};

bool is_endpoint_name(std::string const& name) noexcept;

/// The folder of this user's endpoints: $PROXYSTORE_HOME, else below $XDG_DATA_HOME or ~/.local/share.
std::filesystem::path default_home();

/// Throws ConfigError, which names the file and what is wrong with it.
EndpointConfig read_config(std::filesystem::path const& folder);
/// In one step: who reads it meanwhile sees the old or the new one. Throws std::system_error.
void write_config(EndpointConfig const& config, std::filesystem::path const& folder);

struct FoundEndpoint {
  std::filesystem::path folder;
  EndpointConfig config;
};
/// All below `home` whose configuration can be read, by name.
std::vector<FoundEndpoint> find_endpoints(std::filesystem::path const& home);

}  // namespace proxystore::detail
