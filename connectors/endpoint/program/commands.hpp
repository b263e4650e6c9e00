/// What the program can do. Each prints what it did, or why not, and returns the exit status.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>

#include "log.hpp"

namespace proxystore::detail {

struct ConfigureOptions {
  std::string host = "127.0.0.1";  ///< or "ip", "fqdn": looked up when it starts
  std::optional<int> port = std::nullopt;
  bool persist = false;
  std::size_t max_object_size = 100'000'000;
};
int configure(std::filesystem::path const& home, std::string const& name, ConfigureOptions const& options);

enum class Detach { yes, no };
int start(std::filesystem::path const& home, std::string const& name, Detach detach, Level level);
int stop(std::filesystem::path const& home, std::string const& name);
int list(std::filesystem::path const& home);
int remove(std::filesystem::path const& home, std::string const& name);

/// The object commands of `test`, on an endpoint that runs; `remote`: the endpoint that has the object, or empty.
struct TestOptions {
  std::string name, remote;
};
int test_put(std::filesystem::path const& home, TestOptions const& options, std::string const& data);
int test_get(std::filesystem::path const& home, TestOptions const& options, std::string const& key);
int test_exists(std::filesystem::path const& home, TestOptions const& options, std::string const& key);
int test_evict(std::filesystem::path const& home, TestOptions const& options, std::string const& key);

}  // namespace proxystore::detail
