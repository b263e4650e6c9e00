#pragma once

#include <chrono>
#include <span>
#include <string>
#include <vector>

#include "connection.hpp"

namespace proxystore::detail {

/// Is there from the first set or eviction of `key` on: it cannot be set (again). The braces keep both on one server
/// of a cluster.
std::string marker_of(std::string_view key);

/// What the server pushes about keys. Two connections, since RESP2 has no pushes on the one that asks: what
/// `asker_` has read is watched for it (CLIENT TRACKING), and told to `subscriber_`. For one thread.
class RedisListener {
 public:
  /// Throws RedisLost, ConnectorError.
  explicit RedisListener(RedisOptions const& options);

  /// False: the server, or the user's ACL, has no tracking; call watch() now and then.
  bool pushed() const noexcept { return pushed_; }
  /// Of these keys, those that are there or gone by now. A change of the others will be a message.
  std::vector<std::string> watch(std::span<std::string const> keys);
  /// Readable: call read(). REQUIRES: pushed()
  int descriptor() const noexcept { return subscriber_.descriptor(); }
  /// Keys that have changed, and are not watched any more; an empty one stands for all.
  std::vector<std::string> read();
  /// How long the next calls may go without progress.
  void limit(std::chrono::milliseconds timeout);
  /// Throws RedisLost if the server has gone without a word.
  void beat();

 private:
  bool subscribe();
  void take(redisReply const& reply, std::vector<std::string>& changed) const;

  RedisConnection asker_, subscriber_;
  bool pushed_;
  bool heard_ = true;  // something, since the last beat
};

}  // namespace proxystore::detail
