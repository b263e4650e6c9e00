/// The compiled core behind Store, Proxy and Future: bytes, keys, waiting. No templates but what the cache needs.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <proxystore/connector.hpp>
#include <proxystore/detail/cache.hpp>
#include <proxystore/detail/lifespan.hpp>
#include <proxystore/detail/reference.hpp>
#include <proxystore/detail/trace.hpp>
#include <proxystore/metrics.hpp>
#include <proxystore/store_options.hpp>

namespace proxystore {
namespace detail {

/// Shared by a Store and all that was made from it. All members are thread-safe; all but close(), name() and
/// report() throw StoreClosed once closed.
class PROXYSTORE_EXPORT StoreCore : public std::enable_shared_from_this<StoreCore> {
 public:
  StoreCore(std::string name, std::unique_ptr<Connector> connector, StoreOptions options);
  ~StoreCore();
  StoreCore(StoreCore const&) = delete;
  StoreCore& operator=(StoreCore const&) = delete;

  std::shared_ptr<StoreInfo const> const& info() const noexcept { return info_; }
  std::string const& name() const noexcept { return info_->name; }
  Connector& connector() noexcept { return *connector_; }
  Cache& cache() noexcept { return cache_; }
  /// Of memory for objects that are copied into it.
  Allocator& stage() noexcept { return stage_; }

  Key put(Buffer object, Tags const& tags = {});
  std::vector<Key> put_batch(std::vector<Buffer> objects, Tags const& tags = {});
  std::optional<Bytes> get(Key const& key);
  std::vector<std::optional<Bytes>> get_batch(std::vector<Key> const& keys);
  void get_parts(std::span<ObjectPart const> parts, PartVisitor const& visit);
  bool exists(Key const& key);
  void evict(Key const& key);
  Lifespans& lifespans() noexcept { return lifespans_; }
  void ensure_open() const;

  /// Throws NotDeferrable.
  Key new_key(KeyHint const& hint);
  /// For the trace.
  void note_made(Reference const& future) noexcept {
    if (trace_) [[unlikely]] trace_made(future);
  }
  void set(Reference const& future, Buffer object);
  /// Stores the failure in place of the object.
  void fail(Reference const& future, std::exception_ptr const& error);
  bool done(Reference const& future);
  /// Until set, or Timeout, BrokenFuture, ObjectNotFound. The object may be a failure.
  void wait(Reference const& future, Deadline deadline);
  /// The object, waited for if it is deferred. Throws RemoteError in place of a failure.
  Bytes fetch(Reference const& reference, Deadline deadline);

  /// Runs `work` on a thread of its own that close() joins.
  void spawn(std::function<void()> work);
  std::string report();
  /// nullopt without StoreOptions::metrics.
  std::optional<Metrics> metrics() const;
  /// Idempotent. Wakes waiters with BrokenFuture, unregisters, evicts what is under a lifetime, closes the connector.
  void close();

 private:
  struct Waiter {
    Reference const* what;
    Deadline::Clock::time_point since;
    bool reported = false;
    Waiter* next = nullptr;
    Waiter* prev = nullptr;
  };
  class Waiting;
  class Stage final : public Allocator {
   public:
    explicit Stage(Connector& connector) noexcept : connector_(connector) {}
    Buffer allocate(std::size_t bytes) override { return connector_.stage(bytes); }

   private:
    Connector& connector_;
  };
  struct Worker {
    std::thread thread;
    bool done = false;
  };
  using Workers = std::vector<std::shared_ptr<Worker>>;

  static std::unique_ptr<Connector> metered(std::unique_ptr<Connector> connector, Metering metrics,
                                            MeteringConnector*& meter);
  void begin_trace();
  void trace_made(Reference const& future) noexcept;
  template <class Work>
  auto traced(Trace::What what, Key const& key, Where const& made, std::size_t bytes, Work const& work);
  Bytes take(Reference const& reference, Deadline deadline);
  void log_metrics() const;
  DeferrableConnector& deferrable();
  std::optional<Bytes> await(Reference const& future, Deadline deadline);
  std::optional<Bytes> look(Reference const& future, Deadline deadline);
  template <class Block>
  void block(Reference const& future, Deadline deadline, Block const& block_until);
  void report_stall(Waiter& waiter);
  void throw_ring(Waiter const& waiter, std::optional<std::string> const& ring) const;
  std::string describe(Waiter const& waiter) const;
  static void join(Workers const& workers);
  [[noreturn]] void throw_not_settled(Reference const& future, State state, Deadline::Clock::time_point since) const;

  MeteringConnector* meter_ = nullptr;  // null: not measured
  std::unique_ptr<Connector> connector_;
  Stage stage_{*connector_};
  DeferrableConnector* deferrable_;  // null: not deferrable
  bool in_place_;                    // what connector_->reads_in_place() says
  std::shared_ptr<StoreInfo const> info_;
  StoreOptions options_;
  Cache cache_;
  Lifespans lifespans_;
  std::shared_ptr<Trace> trace_;  // null: off
  bool gathers_ = false;          // the connector sees to the trace when it closes
  std::atomic<bool> closed_{false};
  std::mutex mutex_;             // guards the two lists and what is in them
  Waiter* waiters_ = nullptr;    // newest first, on their threads' stacks
  Workers workers_;
};

/// The open store that `reference` belongs to, rebuilt from its config if it is not open here.
/// Throws UnknownStore, and says why it cannot.
PROXYSTORE_EXPORT std::shared_ptr<StoreCore> locate(Reference const& reference);

}  // namespace detail
}  // namespace proxystore
