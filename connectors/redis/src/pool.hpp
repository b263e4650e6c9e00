#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include <proxystore/deadline.hpp>

#include "connection.hpp"

namespace proxystore::detail {

/// Connections for operations, one for each that runs at the same time. Thread-safe.
class RedisPool {
 public:
  /// Connects once. Throws RedisLost.
  explicit RedisPool(RedisOptions const& options);

  /// operation(connection), on another connection if the first breaks, with growing pauses until `until`.
  /// It may so be begun again from its start. Throws StoreClosed, RedisLost and what the operation throws.
  template <class Operation>
  auto run(std::chrono::milliseconds timeout, Deadline until, Operation const& operation) {
    for (int attempt = 0;; ++attempt) {
      try {
        Lease lease(*this);
        lease->limit(timeout);
        return operation(*lease);
      } catch (RedisLost const& lost) {
        if (lost.timed_out() || !rest(attempt, until)) throw;
      }
    }
  }

  void close();
  std::size_t connections() const;

 private:
  using Held = std::unique_ptr<RedisConnection>;

  class Lease {
   public:
    explicit Lease(RedisPool& pool) : pool_(pool), held_(pool.take()) {}
    ~Lease() { pool_.give_back(std::move(held_)); }
    Lease(Lease const&) = delete;
    Lease& operator=(Lease const&) = delete;
    RedisConnection* operator->() const noexcept { return held_.get(); }
    RedisConnection& operator*() const noexcept { return *held_; }

   private:
    RedisPool& pool_;
    Held held_;
  };

  Held take();
  void give_back(Held connection) noexcept;
  /// A pause after a connection was lost; false when there is no time for it.
  bool rest(int attempt, Deadline until);

  RedisOptions const& options_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Held> idle_;
  std::size_t open_ = 0;  // idle and in use
  bool closed_ = false;
};

}  // namespace proxystore::detail
