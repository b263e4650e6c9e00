#include "leases.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace proxystore::detail {

Leases& Leases::instance() {
  static auto* leases = new Leases;  // never destroyed: a store in a static object may close after it
  return *leases;
}

void Leases::remove(Lifespan const& span) {
  auto const found =
      std::find_if(due_.begin(), due_.end(), [&](auto const& each) { return each.second.get() == &span; });
  if (found != due_.end()) due_.erase(found);
}

void Leases::set(std::shared_ptr<Lifespan> const& span, Deadline at) {
  std::lock_guard lock(mutex_);
  remove(*span);
  auto const entry = due_.emplace(at.time(), span);
  changed_.notify_one();
  if (running_) return;
  if (thread_.joinable()) thread_.join();  // it has left its loop
  try {
    thread_ = std::thread([this] { run(); });
  } catch (...) {
    due_.erase(entry);
    throw;
  }
  running_ = true;
}

void Leases::forget(Lifespan const& span) {
  std::unique_lock lock(mutex_);
  remove(span);
  if (thread_.get_id() == std::this_thread::get_id()) return;
  changed_.notify_one();
  ++forgetting_;
  rested_.wait(lock, [this] { return !running_ || !due_.empty(); });
  --forgetting_;
  if (!running_ && thread_.joinable()) thread_.join();
}

void Leases::run() {
  std::unique_lock lock(mutex_);
  while (!due_.empty()) {
    auto const next = due_.begin();
    if (Deadline const at = next->first; !at.expired()) {
      at.is_never() ? changed_.wait(lock) : static_cast<void>(changed_.wait_until(lock, at.time()));
      continue;
    }
    auto span = std::move(next->second);
    due_.erase(next);
    lock.unlock();
    try {
      span->end();
    } catch (std::exception const&) {  // tried again when the store closes
    }
    span.reset();
    lock.lock();
  }
  running_ = false;
  if (forgetting_ == 0) thread_.detach();  // all leases have ended by themselves: nobody will come to join it
  rested_.notify_all();
}

}  // namespace proxystore::detail
