/// @file
/// Ownership of stored objects, in the words of ProxyStore and with the rules of Rust: one owner, which evicts the
/// object when it is destroyed; any number of borrowers who read, or one who may change.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <proxystore/detail/ownership.hpp>
#include <proxystore/detail/resolution.hpp>
#include <proxystore/error.hpp>
#include <proxystore/proxy.hpp>
#include <proxystore/serializer.hpp>

namespace proxystore {

/// A borrowed object: reads it as a Proxy does. Copies are one loan, which ends when the last of them is destroyed. A
/// value.
///
/// Serialized, it can be read in another process, which the owner knows nothing of: keep this one until the other side
/// has done. The tasks of an mpi::Executor do that: what was borrowed for their arguments is given back when they end.
template <class T>
class RefProxy {
 public:
  using value_type = T;

  /// Stands for nothing, until assigned or deserialized into.
  RefProxy() = default;

  T const& operator*() const { return resolve(); }
  T const* operator->() const { return &resolve(); }
  operator T const&() const { return resolve(); }
  /// Throws as Proxy::resolve.
  T const& resolve(Deadline deadline = {}) const { return target().resolve(deadline); }
  bool is_resolved() const noexcept { return target_ && target_->peek() != nullptr; }
  Key const& key() const { return target().reference().key; }
  bool valid() const noexcept { return target_ != nullptr; }

  template <class Archive>
  void save(Archive& archive) const {
    archive('R');
    target().reference().save(archive);
    detail::LoanCollector::collect(loan_);
  }
  template <class Archive>
  void load(Archive& archive) {
    target_ = std::make_shared<detail::Resolution<T>>(detail::load_lent(archive, 'R'), nullptr);
    loan_.reset();
  }

 private:
  template <class U>
  friend class OwnedProxy;
  RefProxy(std::shared_ptr<detail::Resolution<T>> target, std::shared_ptr<detail::Loan> loan) noexcept
      : target_(std::move(target)), loan_(std::move(loan)) {}

  detail::Resolution<T>& target() const {
    if (!target_) throw InvalidArgument("this borrowed proxy stands for nothing (default constructed, or moved away)");
    return *target_;
  }

  std::shared_ptr<detail::Resolution<T>> target_;
  std::shared_ptr<detail::Loan> loan_;  // null in another process than the owner's
};

/// An object borrowed by one who may change it: a copy of its own, which update() writes back. Not synchronised. A
/// resource: it moves, and ends the loan when it is destroyed; what was not written back is lost.
///
/// Serializing moves it: this one becomes invalid, and keeps the loan until it is destroyed (a task of an
/// mpi::Executor: until that has ended). Where it arrives it can be written back once, and only if its store makes
/// futures.
template <class T>
class RefMutProxy {
 public:
  using value_type = T;

  /// Stands for nothing, until assigned or deserialized into.
  RefMutProxy() = default;

  T& operator*() { return resolve(); }
  T* operator->() { return &resolve(); }
  /// This borrower's own copy, read from the store at the first use. Throws as Proxy::resolve.
  T& resolve(Deadline deadline = {}) {
    if (!local_) local_ = std::make_unique<T>(Serializer<T>::decode(store()->fetch(parts().reference, deadline)));
    return *local_;
  }
  bool is_resolved() const noexcept { return local_ != nullptr; }
  /// Puts the copy in the place of the stored object: under a new key, since an object is written once, and the owner
  /// then stands for that. Nothing if it was never resolved. Throws StoreFull, StoreClosed; where it has arrived from
  /// another process AlreadySet the second time, and NotDeferrable.
  void update() {
    auto& parts = this->parts();
    if (!local_) return;
    auto const store = this->store();
    auto object = Serializer<T>::encode(std::as_const(*local_), store->stage());
    if (parts.loan) return parts.loan->replace(std::move(object));
    detail::set_promised(*store, parts.reference, parts.promised, std::move(object));
  }
  /// False if default constructed, or serialized.
  bool valid() const noexcept { return parts_ && !parts_->moved; }
  Key const& key() const { return parts().reference.key; }

  template <class Archive>
  void save(Archive& archive) const {
    auto& parts = this->parts();
    if (parts.loan) parts.promised = parts.loan->promise();
    archive('M');
    parts.reference.save(archive);
    archive(parts.promised.value_or(Key()));
    parts.moved = true;
    detail::LoanCollector::collect(parts.loan);
  }
  template <class Archive>
  void load(Archive& archive) {
    auto reference = detail::load_lent(archive, 'M');
    Key promised;
    archive(promised);
    local_.reset();
    parts_ = std::make_unique<Parts>(Parts{std::move(reference), nullptr, nullptr, std::move(promised), false});
  }

 private:
  template <class U>
  friend class OwnedProxy;
  struct Parts {
    detail::Reference reference;
    std::shared_ptr<detail::StoreCore> store;  // null until it is found
    std::shared_ptr<detail::Loan> loan;        // null in another process than the owner's
    std::optional<Key> promised;
    bool moved;
  };
  explicit RefMutProxy(std::shared_ptr<detail::Loan> loan)
      : parts_(std::make_unique<Parts>(Parts{loan->reference(), loan->store(), loan, std::nullopt, false})) {}

  Parts& parts() const {
    if (!parts_) throw InvalidArgument("this borrowed proxy stands for nothing (default constructed, or moved away)");
    if (parts_->moved)
      throw InvalidArgument(
          "this borrowed proxy is invalid (it was serialized, which moves it) use it where it arrived");
    return *parts_;
  }
  std::shared_ptr<detail::StoreCore> const& store() {
    auto& parts = this->parts();
    if (!parts.store) parts.store = detail::locate(parts.reference);
    return parts.store;
  }

  std::unique_ptr<Parts> parts_;  // written by save(), which serializers call on a constant
  std::unique_ptr<T> local_;
};

/// Owns an object in a store: evicts it when destroyed. Moving it transfers the ownership, and so does serializing it:
/// the source owns nothing then, and what arrives is the owner (deserialize the bytes once). An owner that is destroyed
/// while it is borrowed leaves the eviction to the last of the borrowed proxies.
///
/// Not synchronised; the borrowed proxies may be used and destroyed on other threads. All members but valid() throw
/// InvalidArgument when it owns nothing. A store that closes has ended all: then nothing is evicted.
template <class T>
class OwnedProxy {
 public:
  using value_type = T;

  /// Owns nothing, until assigned or deserialized into.
  OwnedProxy() = default;
  OwnedProxy(OwnedProxy&&) noexcept = default;
  OwnedProxy& operator=(OwnedProxy&&) noexcept = default;
  ~OwnedProxy() = default;

  T const& operator*() const { return resolve(); }
  T const* operator->() const { return &resolve(); }
  operator T const&() const { return resolve(); }
  /// The object, valid until it is updated or the owner goes. Throws as Proxy::resolve, and InvalidArgument while it is
  /// mutably borrowed.
  T const& resolve(Deadline deadline = {}) const { return target()->resolve(deadline); }
  bool is_resolved() const { return valid() && target()->peek() != nullptr; }
  Key const& key() const { return target()->reference().key; }
  bool valid() const noexcept { return ownership_ && ownership_->owns(); }

  /// Throws InvalidArgument while it is mutably borrowed.
  RefProxy<T> borrow() const {
    auto loan = ownership().lend(detail::Ownership::Mode::shared);
    return RefProxy<T>(target(), std::move(loan));
  }
  /// Throws InvalidArgument while it is borrowed at all.
  RefMutProxy<T> mut_borrow() { return RefMutProxy<T>(ownership().lend(detail::Ownership::Mode::exclusive)); }
  /// The stored bytes under a key of their own, owned by another. Waits for a future's. Throws as Proxy::resolve.
  OwnedProxy clone(Deadline deadline = {}, detail::Where where = detail::Where::here()) const {
    auto& store = target()->store();
    return OwnedProxy(detail::copy_object(target()->reference(), store, deadline, std::move(where)),
                      store.shared_from_this());
  }
  /// Puts another object in the place of this one, under a new key, and evicts the old one. Throws InvalidArgument
  /// while it is borrowed.
  void update(T const& value) { put_instead(value); }
  void update(T&& value) { put_instead(std::move(value)); }
  /// Now, rather than at the end of the scope. Throws InvalidArgument while it is borrowed, and what the medium throws.
  void evict() { ownership().evict(); }

  template <class Archive>
  void save(Archive& archive) const {
    auto const reference = ownership().give_away();
    archive('O');
    reference.save(archive);
  }
  template <class Archive>
  void load(Archive& archive) {
    *this = OwnedProxy(detail::load_lent(archive, 'O'), nullptr);
  }

 private:
  friend class Store;
  template <class U>
  friend OwnedProxy<U> into_owned(Proxy<U> proxy);

  OwnedProxy(detail::Reference reference, std::shared_ptr<detail::StoreCore> store)
      : target_(std::make_shared<detail::Resolution<T>>(detail::Reference(reference), store)),
        ownership_(std::make_shared<detail::Ownership>(std::move(reference), std::move(store))) {}
  explicit OwnedProxy(std::shared_ptr<detail::Resolution<T>> target)
      : target_(std::move(target)),
        ownership_(std::make_shared<detail::Ownership>(target_->reference(), target_->store().shared_from_this())) {}

  detail::Ownership& ownership() const {
    if (!ownership_) throw InvalidArgument("this owner owns nothing (default constructed, or moved away)");
    return *ownership_;
  }
  /// Of the object that it owns now.
  std::shared_ptr<detail::Resolution<T>> const& target() const {
    if (auto const version = ownership().version(); version != version_) {
      target_ = std::make_shared<detail::Resolution<T>>(ownership_->reference(), ownership_->store());
      version_ = version;
    }
    return target_;
  }
  template <class U>
  void put_instead(U&& value) {
    auto& ownership = this->ownership();
    ownership.update(Serializer<T>::encode(std::forward<U>(value), ownership.store()->stage()));
  }

  mutable std::shared_ptr<detail::Resolution<T>> target_;
  mutable std::uint64_t version_ = 0;
  std::shared_ptr<detail::Ownership> ownership_;
};

/// Makes a proxy the owner of its object; other copies of it, here and elsewhere, are to be used no longer than the
/// owner lives. An evict_on_resolve is taken off. Throws InvalidArgument if a lifetime of this process evicts the
/// object, or if the proxy has taken it out already.
template <class T>
OwnedProxy<T> into_owned(Proxy<T> proxy) {
  auto const& target = detail::ProxyParts::target(proxy);
  auto reference = target->reference();
  auto& store = target->store();
  detail::require_ownable(reference, store, proxy.is_resolved());
  if (!std::exchange(reference.evict_on_resolve, false)) return OwnedProxy<T>(target);
  return OwnedProxy<T>(std::move(reference), store.shared_from_this());
}

}  // namespace proxystore
