#include <proxystore/detail/resolution.hpp>

namespace proxystore::detail {

StoreCore& ResolutionBase::locate_store() const {
  std::lock_guard lock(mutex_);
  if (!store_) {
    store_ = locate(reference_);
    located_.store(store_.get(), std::memory_order_release);
  }
  return *store_;
}

bool ResolutionBase::begin_contended(Deadline deadline) {
  std::unique_lock lock(mutex_);
  waiting_.fetch_add(1);
  bool mine = false;
  auto const settled = [&] {
    int expected = unresolved;
    mine = state_.compare_exchange_strong(expected, resolving);
    return mine || expected == resolved;
  };
  bool const in_time = deadline.is_never() ? (changed_.wait(lock, settled), true)
                                           : changed_.wait_until(lock, deadline.time(), settled);
  waiting_.fetch_sub(1);
  if (!in_time)
    throw Timeout("timed out waiting for '" + reference_.key.text() +
                  "' (another thread of this process is resolving it)");
  return mine;
}

void ResolutionBase::wake() noexcept {
  { std::lock_guard const lock(mutex_); }  // a waiter that saw the old state sleeps by now
  changed_.notify_all();
}

}  // namespace proxystore::detail
