#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>

#include <proxystore/connector.hpp>
#include <proxystore/deadline.hpp>

namespace proxystore::hdf5 {

/// Waits for changes in directories: told by inotify of those made under this kernel, and looking now and then for
/// those made on other hosts. One thread of those that wait sleeps in the kernel for all; when it leaves, another does.
class Watch {
 public:
  using Look = std::function<State()>;

  Watch();
  ~Watch();
  Watch(Watch const&) = delete;
  Watch& operator=(Watch const&) = delete;

  /// Looks until the state is not pending, at once and after each change in `directory`. Thread-safe.
  State wait(std::string const& directory, Deadline deadline, Look const& look);
  /// Those who wait, and who come, get State::broken.
  void close() noexcept;

 private:
  class Place;
  void sleep(Deadline until, std::uint64_t seen);
  bool listen(Deadline until) const;

  int inotify_;  // negative, as event_, where the system has no more: then it looks more often
  int event_;
  std::atomic<bool> closed_{false};
  std::atomic<std::uint64_t> changes_{0};  // that were heard of
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<int, int> watched_;  // how many wait for each watch of inotify
  bool listening_ = false;
};

}  // namespace proxystore::hdf5
