#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>

#include <proxystore/buffer.hpp>
#include <proxystore/connector.hpp>

namespace proxystore::detail {

enum class Rule {
  once,       ///< an object that is there stays, a key that was evicted stays empty
  overwrite,  ///< as Python ProxyStore's endpoint does
};
enum class Stored { done, already_set, evicted };

struct Looked {
  State state = State::pending;  ///< pending, ready or gone
  Bytes object = {};             ///< where it was asked for
};
enum class Want { state, object };

/// What an endpoint keeps: objects, and for a while which keys were evicted. For one thread at a time.
class Storage {
 public:
  virtual ~Storage() = default;
  /// Throws StoreFull.
  virtual Stored set(std::string const& key, Bytes object, Rule rule) = 0;
  virtual Looked look(std::string const& key, Want want) = 0;
  virtual void evict(std::string const& key) = 0;
  /// What it is, for the log.
  virtual std::string describe() const = 0;

 protected:
  Storage() = default;
  Storage(Storage const&) = delete;
  Storage& operator=(Storage const&) = delete;
};

/// How many evicted keys are remembered; the oldest go first.
inline constexpr std::size_t most_evicted = 1'000'000;

std::unique_ptr<Storage> make_memory_storage();
/// In a SQLite database, in the table that Python ProxyStore uses. Throws ConnectorError.
std::unique_ptr<Storage> make_database_storage(std::filesystem::path const& file);

}  // namespace proxystore::detail
