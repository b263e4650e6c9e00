/// @file
/// The consumer's end of an object.
#pragma once

#include <compare>
#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <ostream>
#include <ranges>
#include <utility>

#include <proxystore/detail/resolution.hpp>

namespace proxystore {

template <class T>
class Future;
class Store;
namespace detail {
struct ProxyParts;
}

/// A value that stands for a `T const`, which need not exist yet. The first use resolves it, and blocks until
/// the producer has set it: `*p`, `p->`, conversion to `T const&`, and `==`, `<=>`, `<<`, `[]`, size(), iteration
/// and std::hash where T has them. Copies share one resolution; resolving is thread-safe and happens once.
/// Serializing a proxy writes a reference (some 100 bytes), never the object.
///
/// A use throws RemoteError (the producer failed), BrokenFuture, ObjectNotFound (evicted), CorruptObject,
/// UnknownStore, or InvalidArgument for a proxy that stands for nothing; the proxy then stays unresolved.
template <class T>
class Proxy {
 public:
  using value_type = T;

  /// Stands for nothing, until assigned or deserialized into.
  Proxy() = default;

  T const& operator*() const { return resolve(); }
  T const* operator->() const { return &resolve(); }
  operator T const&() const { return resolve(); }

  /// The object, valid while any copy of the proxy lives. Throws Timeout at the deadline.
  T const& resolve(Deadline deadline = {}) const { return target().resolve(deadline); }
  /// Whether a use would return at once. Asks nobody.
  bool is_resolved() const noexcept { return target_ && target_->peek() != nullptr; }
  /// Starts resolving in the background; the next use waits for what is left.
  void resolve_async() const { target().resolve_async(); }
  /// The object as a value of its own, shared with the proxies.
  std::shared_ptr<T const> share(Deadline deadline = {}) const {
    resolve(deadline);
    return target_->share();
  }
  /// A copy of the object.
  T extract(Deadline deadline = {}) const { return resolve(deadline); }

  /// Names the object in its store.
  Key const& key() const { return target().reference().key; }
  /// For what is built upon proxies, as Future::store().
  detail::StoreCore& store() const { return target().store(); }
  /// False for a proxy that stands for nothing.
  bool valid() const noexcept { return target_ != nullptr; }

  auto size() const
    requires requires(T const& t) { t.size(); }
  {
    return resolve().size();
  }
  auto begin() const
    requires std::ranges::range<T const>
  {
    return std::ranges::begin(resolve());
  }
  auto end() const
    requires std::ranges::range<T const>
  {
    return std::ranges::end(resolve());
  }
  template <class Index>
    requires requires(T const& t, Index&& i) { t[std::forward<Index>(i)]; }
  decltype(auto) operator[](Index&& index) const {
    return resolve()[std::forward<Index>(index)];
  }

  friend bool operator==(Proxy const& a, Proxy const& b)
    requires std::equality_comparable<T>
  {
    return a.resolve() == b.resolve();
  }
  friend bool operator==(Proxy const& a, T const& b)
    requires std::equality_comparable<T>
  {
    return a.resolve() == b;
  }
  friend auto operator<=>(Proxy const& a, Proxy const& b)
    requires std::three_way_comparable<T>
  {
    return a.resolve() <=> b.resolve();
  }
  friend auto operator<=>(Proxy const& a, T const& b)
    requires std::three_way_comparable<T>
  {
    return a.resolve() <=> b;
  }
  friend std::ostream& operator<<(std::ostream& out, Proxy const& proxy)
    requires requires(std::ostream& o, T const& t) { o << t; }
  {
    return out << proxy.resolve();
  }

  template <class Archive>
  void save(Archive& archive) const {
    target().reference().save(archive);
  }
  template <class Archive>
  void load(Archive& archive) {
    detail::Reference reference;
    reference.load(archive);
    target_ = std::make_shared<detail::Resolution<T>>(std::move(reference), nullptr);
  }

 private:
  friend class Future<T>;
  friend class Store;
  friend struct detail::ProxyParts;
  explicit Proxy(std::shared_ptr<detail::Resolution<T>> target) noexcept : target_(std::move(target)) {}

  detail::Resolution<T>& target() const {
    if (!target_) throw InvalidArgument("this proxy stands for nothing (default constructed) assign one to it first");
    return *target_;
  }

  std::shared_ptr<detail::Resolution<T>> target_;
};

namespace detail {
/// The inside of a proxy, for what is built upon it.
struct ProxyParts {
  /// Throws InvalidArgument if the proxy stands for nothing.
  template <class T>
  static std::shared_ptr<Resolution<T>> const& target(Proxy<T> const& proxy) {
    proxy.target();
    return proxy.target_;
  }
};
}  // namespace detail

/// Keeps a proxy from being resolved by accident: only unlock() gives it out.
template <class T>
class ProxyLocker {
 public:
  /// Locks a proxy that stands for nothing, until deserialized into.
  ProxyLocker() = default;
  explicit ProxyLocker(Proxy<T> proxy) noexcept : proxy_(std::move(proxy)) {}
  Proxy<T> unlock() && noexcept { return std::move(proxy_); }
  Proxy<T> unlock() const& noexcept { return proxy_; }

  template <class Archive>
  void serialize(Archive& archive) {
    archive(proxy_);
  }

 private:
  Proxy<T> proxy_;
};

}  // namespace proxystore

/// That of the object: resolves.
template <class T>
struct std::hash<proxystore::Proxy<T>> {
  std::size_t operator()(proxystore::Proxy<T> const& proxy) const { return std::hash<T>()(*proxy); }
};
