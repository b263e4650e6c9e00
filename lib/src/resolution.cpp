#include <proxystore/detail/resolution.hpp>

#include <array>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace proxystore::detail {
namespace {

/// Where threads wait for another one that resolves. All resolutions share some: few are ever waited for so.
struct Lot {
  std::mutex mutex;
  std::condition_variable changed;
};

Lot& lot_of(void const* resolution) noexcept {
  static auto& lots = *new std::array<Lot, 64>;  // never destroyed: proxies in static objects may outlive any order
  return lots[reinterpret_cast<std::uintptr_t>(resolution) / 64 % lots.size()];
}

}  // namespace

StoreCore& ResolutionBase::locate_store() const {
  auto found = locate(reference_);  // perhaps opens it, so without a lock
  std::lock_guard const lock(lot_of(this).mutex);
  if (!store_) {
    store_ = std::move(found);
    located_.store(store_.get(), std::memory_order_release);
  }
  return *store_;
}

bool ResolutionBase::begin_contended(Deadline deadline) {
  auto& lot = lot_of(this);
  std::unique_lock lock(lot.mutex);
  waiting_.fetch_add(1);
  bool mine = false;
  auto const settled = [&] {
    int expected = unresolved;
    mine = state_.compare_exchange_strong(expected, resolving);
    return mine || expected == resolved;
  };
  bool const in_time = deadline.is_never() ? (lot.changed.wait(lock, settled), true)
                                           : lot.changed.wait_until(lock, deadline.time(), settled);
  waiting_.fetch_sub(1);
  if (!in_time)
    throw Timeout("timed out waiting for '" + reference_.key.text() +
                  "' (another thread of this process is resolving it)");
  return mine;
}

void ResolutionBase::wake() noexcept {
  auto& lot = lot_of(this);
  { std::lock_guard const lock(lot.mutex); }  // a waiter that saw the old state sleeps by now
  lot.changed.notify_all();
}

}  // namespace proxystore::detail
