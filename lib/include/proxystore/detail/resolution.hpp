#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <proxystore/deadline.hpp>
#include <proxystore/detail/store_core.hpp>
#include <proxystore/error.hpp>
#include <proxystore/export.hpp>
#include <proxystore/serializer.hpp>

namespace proxystore::detail {

/// Who may resolve a proxy, and where its store is; without the object. A failed attempt (Timeout, RemoteError, …)
/// leaves it unresolved; the next use tries again.
///
///     UNRESOLVED ──first use──▶ RESOLVING ──object held──▶ RESOLVED (for good)
///         ▲                         │
///         └────────any error────────┘
class PROXYSTORE_EXPORT ResolutionBase {
 public:
  Reference const& reference() const noexcept { return reference_; }
  /// Found by name for a reference that arrived. Throws UnknownStore.
  StoreCore& store() const {
    auto* const core = located_.load(std::memory_order_acquire);
    return core ? *core : locate_store();
  }

 protected:
  ResolutionBase(Reference&& reference, std::shared_ptr<StoreCore> store)
      : reference_(std::move(reference)), store_(std::move(store)), located_(store_.get()) {}
  ~ResolutionBase() = default;

  /// True: the caller resolves and has to call finish(). False: somebody else has. Throws Timeout.
  bool begin(Deadline deadline) {
    int expected = unresolved;
    return state_.compare_exchange_strong(expected, resolving) || begin_contended(deadline);
  }
  void finish(bool success) noexcept {
    state_.store(success ? resolved : unresolved);
    if (waiting_.load() != 0) wake();
  }

 private:
  enum : int { unresolved, resolving, resolved };

  StoreCore& locate_store() const;
  bool begin_contended(Deadline deadline);
  void wake() noexcept;

  Reference const reference_;
  mutable std::shared_ptr<StoreCore> store_;  // null until located, then as it is
  mutable std::atomic<StoreCore*> located_;
  std::atomic<int> state_{unresolved};
  std::atomic<int> waiting_{0};  // threads in begin_contended: each looks at state_ after it has counted itself
};

/// The one resolution that all copies of a proxy share.
template <class T>
class Resolution final : public ResolutionBase, public std::enable_shared_from_this<Resolution<T>> {
 public:
  Resolution(Reference&& reference, std::shared_ptr<StoreCore> store)
      : ResolutionBase(std::move(reference), std::move(store)) {}

  T const* peek() const noexcept { return object_.load(std::memory_order_acquire); }

  /// One caller fetches; the others wait for it, each to its own deadline.
  T const& resolve(Deadline deadline) {
    if (T const* object = peek()) return *object;
    if (begin(deadline)) {
      try {
        fetch(deadline);
      } catch (...) {
        finish(false);
        throw;
      }
      finish(true);
      if (reference().evict_on_resolve) store().evict(reference().key);
    }
    return *peek();
  }

  /// Fills in an object that is known already. REQUIRES: nobody else uses this resolution yet
  void hold(T object) {
    if (begin(Deadline::immediate())) {
      keep(own_.emplace(std::move(object)));
      finish(true);
    }
  }

  /// REQUIRES: resolved
  std::shared_ptr<T const> share() {
    return cached_ ? cached_ : std::shared_ptr<T const>(this->shared_from_this(), &*own_);
  }

  /// Resolves on a thread of the store; errors are found again by the next use.
  void resolve_async() {
    if (peek()) return;
    store().spawn([self = this->shared_from_this()] {
      try {
        self->resolve(Deadline::never());
      } catch (std::exception const&) {  // thrown again where the object is used
      }
    });
  }

 private:
  void fetch(Deadline deadline) {
    auto& core = store();
    auto& cache = core.cache();
    bool const caches = cache.enabled();
    if (caches && (cached_ = std::static_pointer_cast<T const>(cache.find(reference().key, typeid(T)))))
      return keep(*cached_);
    Bytes const bytes = core.fetch(reference(), deadline);
    if (!caches || reference().evict_on_resolve) return keep(own_.emplace(Serializer<T>::decode(bytes)));
    cached_ = std::make_shared<T const>(Serializer<T>::decode(bytes));
    cache.insert(reference().key, typeid(T), cached_, bytes.size());
    keep(*cached_);
  }
  void keep(T const& object) noexcept { object_.store(&object, std::memory_order_release); }

  std::optional<T> own_;               // the object, here
  std::shared_ptr<T const> cached_;    // or shared with the store's cache
  std::atomic<T const*> object_{nullptr};
};

}  // namespace proxystore::detail
