/// What the program can do. Each prints what it did, or why not, and returns the exit status.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>

#include "home.hpp"
#include "log.hpp"

namespace proxystore::detail {

struct ConfigureOptions {
  std::string host = "127.0.0.1";  ///< or "ip", "fqdn": looked up when it starts
  std::optional<int> port = std::nullopt;
  bool persist = false;
  std::size_t max_object_size = 100'000'000;
  std::optional<PeeringConfig> peering = std::nullopt;
};
int configure(std::filesystem::path const& home, std::string const& name, ConfigureOptions const& options);

enum class Detach { yes, no };
int start(std::filesystem::path const& home, std::string const& name, Detach detach, Level level);
int stop(std::filesystem::path const& home, std::string const& name);
int list(std::filesystem::path const& home);
int remove(std::filesystem::path const& home, std::string const& name);

/// Makes a file with a random secret, that its owner alone may read.
int make_secret(std::filesystem::path const& file);
enum class Forget { no, yes };
/// Adds a peer to the configuration, or takes it out.
int change_peer(std::filesystem::path const& home, std::string const& name, KnownEndpoint const& peer, Forget forget);
/// Shows the peers of an endpoint that runs.
int show_peers(std::filesystem::path const& home, std::string const& name);
/// Is a relay until SIGTERM or SIGINT.
int relay(std::string const& listen, Credentials const& credentials, Level level);

/// The object commands of `test`, on an endpoint that runs; `remote`: the endpoint that has the object, or empty.
struct TestOptions {
  std::string name, remote;
};
int test_put(std::filesystem::path const& home, TestOptions const& options, std::string const& data);
int test_get(std::filesystem::path const& home, TestOptions const& options, std::string const& key);
int test_exists(std::filesystem::path const& home, TestOptions const& options, std::string const& key);
int test_evict(std::filesystem::path const& home, TestOptions const& options, std::string const& key);

}  // namespace proxystore::detail
