/// @file
/// The producer's end of an object.
#pragma once

#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

#include <proxystore/detail/resolution.hpp>
#include <proxystore/proxy.hpp>

namespace proxystore {

class Lifetime;

/// Who will set a future, and how long its object lives.
struct FutureOptions {
  /// The rank that will set it, where the medium has ranks: the future breaks when that rank leaves.
  /// Default: any process may set it, and it breaks when the process that made it leaves.
  std::optional<int> producer = std::nullopt;
  /// The first proxy that resolves takes the object out of the store; others then find it gone.
  bool evict_on_resolve = false;
  /// Evicts the object when it ends, set or not; not together with evict_on_resolve. Used during the call alone.
  Lifetime* lifetime = nullptr;
  /// About how many bytes the object will have, and tags: for a connector that chooses by policy (MultiConnector).
  std::optional<std::size_t> size = std::nullopt;
  Tags tags = {};
};

/// A promise of a T: a small serializable value. Any process that holds it may set it, once; any may wait.
/// Copies are the same future.
///
///                set_result              evict
///     PENDING ───────────────▶ READY ───────────▶ GONE     every arrow wakes the waiters
///        │  set_exception                                  READY:  the object
///        ├──────────────────▶ FAILED ──── evict ─▶ GONE    FAILED: RemoteError (type, text, origin)
///        ├──────────────────▶ GONE   (evicted unset)       GONE:   ObjectNotFound
///        └──────────────────▶ BROKEN (store closed,        BROKEN: BrokenFuture
///                                     owner gone)          a deadline: Timeout, and it stays PENDING
template <class T>
class Future {
 public:
  using value_type = T;

  /// No future, until assigned or deserialized into.
  Future() = default;

  /// Throws AlreadySet a second time (the first value stays), ObjectNotFound if evicted, BrokenFuture if
  /// broken, StoreFull. Moves nothing if the value lies in the store's memory (Store::allocate).
  void set_result(T const& value) const { set(value); }
  /// The same, and moves from `value` where that saves a copy.
  void set_result(T&& value) const { set(std::move(value)); }

  /// Every consumer gets a RemoteError with the type and text of `error`.
  void set_exception(std::exception_ptr const& error) const { target().store().fail(reference(), error); }
  template <class E>
    requires std::derived_from<std::decay_t<E>, std::exception>
  void set_exception(E&& error) const {
    set_exception(std::make_exception_ptr(std::forward<E>(error)));
  }

  /// Set, or failed. Never blocks on the producer.
  bool done() const { return target().peek() || target().store().done(reference()); }
  /// Blocks until done. Throws Timeout, BrokenFuture, ObjectNotFound; does not fetch, and does not throw a failure.
  void wait(Deadline deadline = {}) const {
    if (!target().peek()) target().store().wait(reference(), deadline);
  }
  /// The object, valid while this future or a proxy of it lives. Throws as a Proxy does.
  T const& result(Deadline deadline = {}) const& { return target().resolve(deadline); }
  T result(Deadline deadline = {}) && { return target().resolve(deadline); }

  /// Stands for the result. All proxies of one Future object share its resolution.
  Proxy<T> proxy() const {
    target();
    return Proxy<T>(target_);
  }

  /// Names the object in its store.
  Key const& key() const { return reference().key; }
  /// For what is built upon futures: the store of this one, found by name if it arrived; valid as long as this future.
  /// Throws UnknownStore.
  detail::StoreCore& store() const { return target().store(); }
  /// False if default constructed.
  bool valid() const noexcept { return target_ != nullptr; }

  template <class Archive>
  void save(Archive& archive) const {
    reference().save(archive);
  }
  template <class Archive>
  void load(Archive& archive) {
    detail::Reference reference;
    reference.load(archive);
    target_ = std::make_shared<detail::Resolution<T>>(std::move(reference), nullptr);
  }

 private:
  friend class Store;
  friend class Lifetime;
  explicit Future(std::shared_ptr<detail::Resolution<T>> target) noexcept : target_(std::move(target)) {}

  template <class U>
  void set(U&& value) const {
    auto& store = target().store();
    store.set(reference(), Serializer<T>::encode(std::forward<U>(value), store.stage()));
  }
  detail::Resolution<T>& target() const {
    if (!target_) throw InvalidArgument("this is no future (default constructed) assign one to it first");
    return *target_;
  }
  detail::Reference const& reference() const { return target().reference(); }

  std::shared_ptr<detail::Resolution<T>> target_;
};

}  // namespace proxystore
