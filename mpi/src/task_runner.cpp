#include "task_runner.hpp"

#include <utility>

namespace proxystore::mpi::detail {

TaskRunner::~TaskRunner() {
  std::vector<std::thread> threads;
  {
    std::unique_lock lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
    // A task that still waits may need another thread for a task that is queued: no joining before all have run.
    changed_.wait(lock, [this] { return queue_.empty() && !running_ && idle_ == static_cast<int>(threads_.size()); });
    threads.swap(threads_);
    idle_ = -1;  // tells the idle ones to leave
    changed_.notify_all();
  }
  for (auto& thread : threads) thread.join();
}

void TaskRunner::add(Work work) {
  std::lock_guard lock(mutex_);
  queue_.push_back(std::move(work));
  start_next();
}

void TaskRunner::start_next() {
  if (!may_start()) return;
  changed_.notify_all();
  bool const somebody_looks = static_cast<int>(threads_.size()) > blocked_;  // idle, or about to look for its next
  if (!somebody_looks) threads_.emplace_back([this] { loop(); });
}

void TaskRunner::loop() {
  proxystore::detail::observe_blocking(this);
  std::unique_lock lock(mutex_);
  for (;;) {
    while (may_start()) {
      Work const work = std::move(queue_.front());
      queue_.pop_front();
      running_ = true;
      lock.unlock();
      work();
      lock.lock();
      running_ = false;
      changed_.notify_all();
    }
    ++idle_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return may_start() || idle_ < 0; });
    if (idle_ < 0) return;
    --idle_;
  }
}

void TaskRunner::before_blocking() {
  std::lock_guard lock(mutex_);
  ++blocked_;
  running_ = false;
  start_next();
  changed_.notify_all();
}

void TaskRunner::after_blocking() noexcept {
  std::unique_lock lock(mutex_);
  ++resuming_;
  changed_.wait(lock, [this] { return !running_; });
  --resuming_;
  --blocked_;
  running_ = true;
}

}  // namespace proxystore::mpi::detail
