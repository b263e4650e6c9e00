#include <proxystore/detail/blocking.hpp>

namespace proxystore::detail {
namespace {

thread_local BlockingObserver* current = nullptr;

}  // namespace

BlockingObserver* observe_blocking(BlockingObserver* observer) noexcept { return std::exchange(current, observer); }

BlockingRegion::BlockingRegion() : observer_(current) {
  if (observer_) observer_->before_blocking();
}

BlockingRegion::~BlockingRegion() {
  if (observer_) observer_->after_blocking();
}

}  // namespace proxystore::detail
