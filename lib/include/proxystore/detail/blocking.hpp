#pragma once

#include <utility>

#include <proxystore/export.hpp>

namespace proxystore::detail {

/// Hears of a thread that is about to wait for a future, and of the end of the wait: an executor runs something
/// else meanwhile. Called on the waiting thread; before_blocking() must not wait itself.
class PROXYSTORE_EXPORT BlockingObserver {
 public:
  virtual void before_blocking() = 0;
  virtual void after_blocking() noexcept = 0;

 protected:
  ~BlockingObserver() = default;
};

/// Sets the observer of the calling thread (null: none) and returns the former one.
PROXYSTORE_EXPORT BlockingObserver* observe_blocking(BlockingObserver* observer) noexcept;

/// A wait: tells the calling thread's observer.
class PROXYSTORE_EXPORT BlockingRegion {
 public:
  BlockingRegion();
  BlockingRegion(BlockingRegion const&) = delete;
  BlockingRegion& operator=(BlockingRegion const&) = delete;
  ~BlockingRegion();
  /// Something else runs meanwhile.
  bool is_observed() const noexcept { return observer_ != nullptr; }

 private:
  BlockingObserver* observer_;
};

}  // namespace proxystore::detail
