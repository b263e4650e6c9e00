#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <span>
#include <string_view>
#include <unordered_map>

#include "folder.hpp"

namespace proxystore::file {

/// Waiting for names to appear in a folder. However many wait, one of them, the leader, sleeps in the kernel for
/// all: on the folder's inotify queue, and until the next look that needs no event. The others sleep until it
/// tells them to look, or until they are to lead. So who waits alone is woken by the kernel itself, and no thread
/// is needed. Thread-safe.
class Watch {
 public:
  Watch(Folder const& folder, std::chrono::nanoseconds longest_rest) : folder_(folder), longest_rest_(longest_rest) {}

  State wait(Name const& name, Deadline deadline);
  /// Ends all waits, those to come too, with State::broken.
  void close() noexcept;

 private:
  using Clock = Deadline::Clock;
  using Lock = std::unique_lock<std::mutex>;
  struct Waiter {
    std::condition_variable changed{};
    bool due = true;    // to look
    bool gone = false;  // the marker was seen to go
  };
  class Waiting;
  class Leading;

  State await(Name const& name, Waiter& waiter, Deadline deadline, Lock& lock);
  void lead(Deadline deadline, Lock& lock);
  void arm();
  void join_plan();
  Clock::duration rest() const;
  void sleep(Deadline until) const;
  void hear(std::span<char const> events);
  void tell(std::string_view name, bool removed);
  void tell_all();
  bool is_told() const noexcept { return queue_ && !folder_.is_shared(); }

  Folder const& folder_;
  std::chrono::nanoseconds const longest_rest_;
  std::mutex mutex_;  // guards all below
  std::unordered_multimap<std::string_view, Waiter*> waiters_;
  Clock::time_point newest_{};     // when the last one came
  Clock::time_point next_look_{};  // without an event
  bool leading_ = false;
  bool closed_ = false;
  Descriptor queue_;   // of inotify; none: the kernel has no more for this user, or not yet armed
  Descriptor signal_;  // an eventfd that wakes the leader; none: not yet armed
};

}  // namespace proxystore::file
