#pragma once

#include <atomic>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "connection.hpp"

namespace proxystore::detail {

enum class Outcome { done = 0, already_set = 1, evicted = 2 };

/// What stands under the key of an object in parts: "SP\n<uuid> <parts> <bytes>\n".
struct Manifest {
  std::string id;
  std::size_t parts = 0;
  std::size_t size = 0;

  std::string to_string() const;
  /// nullopt: `value` is an object itself. Throws CorruptObject.
  static std::optional<Manifest> read(std::string_view value);
};

/// Objects under keys, whole or in parts. Each function may be begun again on another connection.
class RedisObjects {
 public:
  explicit RedisObjects(RedisOptions const& options);

  /// One value for any server, and one that a reader will not take for a manifest.
  bool is_plain(std::span<std::byte const> object) const;
  /// Adds the command that puts an object under a key of its own. REQUIRES: is_plain(object)
  void append_put(RedisConnection& to, std::string_view key, std::span<std::byte const> object) const;
  /// Atomic, and only if there is neither an object nor a marker.
  Outcome set(RedisConnection& to, std::string_view key, std::span<std::byte const> object) const;
  void evict(RedisConnection& from, std::string_view key) const;

  std::optional<Bytes> get(RedisConnection& from, std::string_view key) const;
  /// A reply to GET that only tells of the parts of an object.
  static bool is_in_parts(redisReply const& reply);
  /// The object of a reply to GET. Other replies must not be due where it is in parts; `key` is for these.
  std::optional<Bytes> object_of(RedisConnection& from, std::string_view key, RedisReply reply) const;

 private:
  Outcome stage_and_commit(RedisConnection& to, std::string_view key, std::span<std::byte const> object) const;
  std::optional<Bytes> assemble(RedisConnection& from, std::string_view key, Manifest const& manifest) const;
  std::size_t part_size(RedisConnection& of) const;

  RedisOptions const& options_;
  std::string const expiry_, remember_;
  mutable std::atomic<std::size_t> part_size_{0};  // 0: not asked yet
};

}  // namespace proxystore::detail
