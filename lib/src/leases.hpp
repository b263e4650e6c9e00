#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include <proxystore/deadline.hpp>
#include <proxystore/detail/lifespan.hpp>

namespace proxystore::detail {

/// Ends lifespans at their times, all those of the process on one thread, which is there while there are any.
/// Thread-safe.
class Leases {
 public:
  static Leases& instance();

  /// Adds it, or changes its time.
  void set(std::shared_ptr<Lifespan> const& span, Deadline at);
  /// When the last one is forgotten the thread is gone on return.
  void forget(Lifespan const& span);

 private:
  using Time = Deadline::Clock::time_point;

  Leases() = default;
  void run();
  void remove(Lifespan const& span);

  std::mutex mutex_;
  std::condition_variable changed_;  // for the thread
  std::condition_variable rested_;   // for those who forget
  std::multimap<Time, std::shared_ptr<Lifespan>> due_;
  std::thread thread_;
  bool running_ = false;
  int forgetting_ = 0;  // threads that wait for its end, and join it
};

}  // namespace proxystore::detail
