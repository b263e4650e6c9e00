#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include <proxystore/deadline.hpp>
#include <proxystore/detail/store_core.hpp>
#include <proxystore/error.hpp>
#include <proxystore/serializer.hpp>

namespace proxystore::detail {

/// The one resolution that all copies of a proxy share. A failed attempt (Timeout, RemoteError, …) leaves it
/// unresolved; the next use tries again.
///
///     UNRESOLVED ──first use──▶ RESOLVING ──object held──▶ RESOLVED (for good)
///         ▲                         │
///         └────────any error────────┘
template <class T>
class Resolution : public std::enable_shared_from_this<Resolution<T>> {
 public:
  Resolution(Reference reference, std::shared_ptr<StoreCore> store)
      : reference_(std::move(reference)), store_(std::move(store)) {}

  Reference const& reference() const noexcept { return reference_; }

  T const* peek() const noexcept { return object_.load(std::memory_order_acquire); }

  /// One caller fetches; the others wait for it, each to its own deadline.
  T const& resolve(Deadline deadline) {
    if (T const* object = peek()) return *object;
    {
      std::unique_lock lock(mutex_);
      auto const free = [this] { return !resolving_ || peek() != nullptr; };
      if (deadline.is_never()) changed_.wait(lock, free);
      else if (!changed_.wait_until(lock, deadline.time(), free)) throw Timeout(busy_text());
      if (T const* object = peek()) return *object;
      resolving_ = true;
    }
    try {
      hold(fetch(deadline));
    } catch (...) {
      finish();
      throw;
    }
    finish();
    if (reference_.evict_on_resolve) store()->evict(reference_.key);
    return *peek();
  }

  /// Fills in an object that is known already.
  void hold(std::shared_ptr<T const> object) {
    std::lock_guard lock(mutex_);
    owner_ = std::move(object);
    object_.store(owner_.get(), std::memory_order_release);
  }

  std::shared_ptr<T const> share() const noexcept { return owner_; }

  /// Resolves on a thread of the store; errors are found again by the next use.
  void resolve_async() {
    if (peek()) return;
    store()->spawn([self = this->shared_from_this()] {
      try {
        self->resolve(Deadline::never());
      } catch (std::exception const&) {  // thrown again where the object is used
      }
    });
  }

  std::shared_ptr<StoreCore> store() {
    std::lock_guard lock(mutex_);
    if (!store_) store_ = locate(reference_);
    return store_;
  }

 private:
  std::shared_ptr<T const> fetch(Deadline deadline) {
    auto const core = store();
    bool const cached = core->cache().enabled();
    if (cached)
      if (auto object = core->cache().find(reference_.key, typeid(T)))
        return std::static_pointer_cast<T const>(std::move(object));
    Bytes const bytes = core->fetch(reference_, deadline);
    auto object = std::make_shared<T const>(Serializer<T>::decode(bytes));
    if (cached && !reference_.evict_on_resolve)
      core->cache().insert(reference_.key, typeid(T), object, bytes.size());
    return object;
  }

  void finish() {
    {
      std::lock_guard lock(mutex_);
      resolving_ = false;
    }
    changed_.notify_all();
  }

  std::string busy_text() const {
    return "timed out waiting for '" + reference_.key.text() + "' (another thread of this process is resolving it)";
  }

  Reference const reference_;
  std::shared_ptr<StoreCore> store_;  // null until located, for a reference that arrived
  std::mutex mutex_;
  std::condition_variable changed_;
  bool resolving_ = false;
  std::shared_ptr<T const> owner_;
  std::atomic<T const*> object_{nullptr};
};

}  // namespace proxystore::detail
