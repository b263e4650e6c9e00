#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include <proxystore/detail/blocking.hpp>

namespace proxystore::mpi::detail {

/// Runs one task at a time, each on a thread; a task that waits for a future stands aside and lets the next one
/// run. So there are as many threads as tasks that wait, and one more. A task that may go on goes before a new one.
class TaskRunner final : private proxystore::detail::BlockingObserver {
 public:
  using Work = std::function<void()>;  // does not throw

  TaskRunner() = default;
  TaskRunner(TaskRunner const&) = delete;
  TaskRunner& operator=(TaskRunner const&) = delete;
  /// Waits for the tasks that were added.
  ~TaskRunner();

  void add(Work work);

 private:
  void before_blocking() override;
  void after_blocking() noexcept override;
  bool may_start() const noexcept { return !running_ && resuming_ == 0 && !queue_.empty(); }
  void start_next();
  void loop();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Work> queue_;
  bool running_ = false;  // a task runs, not counting those that wait
  int resuming_ = 0;      // tasks whose wait is over
  int blocked_ = 0;       // tasks that wait, or wait to go on
  int idle_ = 0;          // threads; -1: leave
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace proxystore::mpi::detail
