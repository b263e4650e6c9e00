/// @file
/// How long objects live: what is put under a lifetime is evicted when that ends. An object is under one of
/// evict_on_resolve, a lifetime or an owner (owned.hpp), or evicted by hand.
#pragma once

#include <chrono>
#include <memory>
#include <utility>

#include <proxystore/detail/lifespan.hpp>
#include <proxystore/export.hpp>
#include <proxystore/store.hpp>

namespace proxystore {

/// Evicts the objects of one store that were put under it, at the end of its scope, or when the store closes before
/// that.
///
///     Lifetime step(store);
///     auto const field = store.future<Field>({.lifetime = &step});   // also put, put_batch, proxy, proxy_batch
///     step.add(store.proxy(mask));
///
/// Thread-safe, but for moving it. A resource: whoever it is moved to ends it. Evictions happen in the process that
/// made it; objects may be of any that shares the store.
class PROXYSTORE_EXPORT Lifetime {
 public:
  /// Throws StoreClosed.
  explicit Lifetime(Store& store) : Lifetime(made_for(store), Ends::with_scope) {}
  Lifetime(Lifetime&&) noexcept = default;
  Lifetime& operator=(Lifetime&& other) noexcept;
  /// Ends it. An eviction that fails is tried again when the store closes; call close() to hear of it.
  ~Lifetime();

  /// These throw InvalidArgument when it has ended, for what is of another store, and for proxies and futures that are
  /// evicted on resolve.
  void add(Key const& key);
  template <class T>
  void add(Proxy<T> const& proxy) {
    add(*detail::ProxyParts::target(proxy));
  }
  template <class T>
  void add(Future<T> const& future) {
    add(future.target());
  }
  template <class T>
  void add(OwnedProxy<T> const& owned) = delete;  // its owner evicts it

  /// Evicts all, and ends it. Idempotent. What could not be evicted is tried again by the next call.
  void close();
  /// Whether it has ended.
  bool done() const;

 protected:
  enum class Ends { with_scope, otherwise };
  Lifetime(std::shared_ptr<detail::Lifespan> lifespan, Ends ends) noexcept
      : lifespan_(std::move(lifespan)), ends_(ends) {}
  detail::Lifespan& lifespan() const;
  static std::shared_ptr<detail::Lifespan> made_for(Store& store);
  static std::shared_ptr<detail::Lifespan> of_process(Store& store);

 private:
  friend class Store;
  void add(detail::ResolutionBase const& object);
  detail::Lifespan& open_on(detail::StoreCore const& store) const;

  std::shared_ptr<detail::Lifespan> lifespan_;
  Ends ends_ = Ends::with_scope;
};

/// Evicts what was put under it after a time, unless that is extended; the scope does not matter. One thread of the
/// process ends all its leases; over mpi::rma on several nodes it may call MPI only at MPI_THREAD_MULTIPLE.
class PROXYSTORE_EXPORT LeaseLifetime final : public Lifetime {
 public:
  /// Throws StoreClosed.
  LeaseLifetime(Store& store, std::chrono::nanoseconds length);

  /// Adds to what is left. Throws InvalidArgument when it has ended.
  void extend(std::chrono::nanoseconds more);
  /// Sets when it ends, earlier or later. Throws InvalidArgument when it has ended.
  void end_at(Deadline expiry);
  Deadline expiry() const noexcept { return expiry_; }

 private:
  Deadline expiry_;
};

/// Evicts what was put under it when the store closes, at the end of the process at the latest (over mpi::rma:
/// MPI_Finalize). All static lifetimes of a store are one.
class PROXYSTORE_EXPORT StaticLifetime final : public Lifetime {
 public:
  /// Throws StoreClosed.
  explicit StaticLifetime(Store& store);
};

}  // namespace proxystore
