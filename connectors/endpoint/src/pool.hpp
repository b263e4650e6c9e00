#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include <proxystore/connectors/endpoint.hpp>
#include <proxystore/deadline.hpp>

#include "http.hpp"
#include "lost.hpp"

namespace proxystore::detail {

/// Connections to one endpoint, one for each operation that runs at the same time. Thread-safe.
class EndpointPool {
 public:
  /// Finds the endpoint and connects once. Throws EndpointLost, ConnectorError.
  explicit EndpointPool(EndpointOptions const& options);

  enum class Use {
    operation,  ///< at most options.connections at a time
    wait,       ///< may last
  };

  /// operation(connection), on another connection if the first breaks, with growing pauses until `until`.
  /// It may so be begun again from its start. Throws StoreClosed, EndpointLost and what the operation throws.
  template <class Operation>
  auto run(Use use, std::chrono::milliseconds timeout, Deadline until, Operation const& operation) {
    for (int attempt = 0;; ++attempt) {
      try {
        Lease lease(*this, use);
        lease->limit(timeout);
        return operation(*lease);
      } catch (EndpointLost const& lost) {
        if (lost.timed_out() || !rest(attempt, until)) throw;
      }
    }
  }

  /// Returns at `until`, or at close().
  void pause(Deadline until);
  /// Ends what is under way.
  void close();
  std::size_t connections() const;
  std::string server() const;
  std::string uuid() const;

 private:
  using Held = std::unique_ptr<HttpConnection>;

  class Lease {
   public:
    Lease(EndpointPool& pool, Use use) : pool_(pool), use_(use), held_(pool.take(use)) {}
    ~Lease() { pool_.give_back(std::move(held_), use_); }
    Lease(Lease const&) = delete;
    Lease& operator=(Lease const&) = delete;
    HttpConnection* operator->() const noexcept { return held_.get(); }
    HttpConnection& operator*() const noexcept { return *held_; }

   private:
    EndpointPool& pool_;
    Use use_;
    Held held_;
  };

  Held take(Use use);
  Held connect();
  void give_back(Held connection, Use use) noexcept;
  /// A pause after a connection was lost; false when there is no time for it.
  bool rest(int attempt, Deadline until);

  EndpointOptions const& options_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Held> idle_;
  std::set<HttpConnection*> busy_;
  std::size_t operations_ = 0;  // that run
  std::string host_, uuid_;     // of the endpoint that was reached last
  int port_ = 0;
  bool closed_ = false;
};

}  // namespace proxystore::detail
