/// Keys that are evicted together: the core behind Lifetime.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <unordered_set>
#include <vector>

#include <proxystore/connector.hpp>
#include <proxystore/deadline.hpp>
#include <proxystore/export.hpp>
#include <proxystore/key.hpp>

namespace proxystore::detail {

class StoreCore;

/// Thread-safe.
class PROXYSTORE_EXPORT Lifespan : public std::enable_shared_from_this<Lifespan> {
 public:
  explicit Lifespan(std::weak_ptr<StoreCore> store) noexcept : store_(std::move(store)) {}
  ~Lifespan();
  Lifespan(Lifespan const&) = delete;
  Lifespan& operator=(Lifespan const&) = delete;

  void add(Key const& key);                 ///< Throws InvalidArgument once it has ended.
  void keep(std::vector<Key> const& keys);  ///< add(); what comes too late is evicted before it throws.
  void require_open() const;                ///< Throws InvalidArgument once it has ended.
  bool holds(Key const& key) const;
  bool ended() const noexcept { return ended_.load(std::memory_order_acquire); }
  bool is_of(StoreCore const& store) const noexcept;

  /// Evicts all keys; an eviction that throws is tried again by the next call.
  void end();
  /// The same without the store's own checks, while it closes.
  void end(Connector& connector);

  /// Ends by itself at `at`, or later if that is set again. Throws InvalidArgument once it has ended.
  void end_at(Deadline at);

 private:
  template <class Evict>
  void evict_all(Evict const& evict);

  std::weak_ptr<StoreCore> const store_;
  mutable std::mutex mutex_;
  std::unordered_set<Key> keys_;
  std::atomic<bool> ended_{false};
  std::atomic<bool> leased_{false};
};

/// Those of one store. Thread-safe.
class PROXYSTORE_EXPORT Lifespans {
 public:
  std::shared_ptr<Lifespan> make(std::weak_ptr<StoreCore> store);
  /// The one that ends with the process, or with its store before that; another if that was ended by hand.
  std::shared_ptr<Lifespan> of_process(std::weak_ptr<StoreCore> store);
  void end_of_process();
  bool hold(Key const& key) const;
  /// Ends all; throws the first error at the end.
  void end(Connector& connector);

 private:
  std::vector<std::shared_ptr<Lifespan>> open() const;

  mutable std::mutex mutex_;
  std::vector<std::weak_ptr<Lifespan>> all_;
  std::shared_ptr<Lifespan> of_process_;
};

}  // namespace proxystore::detail
