#include <proxystore/detail/store_core.hpp>

#include <algorithm>
#include <cstdio>
#include <sstream>
#include <type_traits>
#include <utility>

#include <proxystore/detail/blocking.hpp>
#include <proxystore/detail/wire.hpp>
#include <proxystore/error.hpp>
#include <proxystore/registry.hpp>

#include "trace_span.hpp"

namespace proxystore::detail {
namespace {

constexpr std::chrono::microseconds moment(50);  // about what it takes to sleep and be woken

std::string seconds_since(Deadline::Clock::time_point since) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f s", std::chrono::duration<double>(Deadline::Clock::now() - since).count());
  return text;
}

std::string made(Reference const& future) {
  auto const where = future.made_at.to_string();
  return where.empty() ? std::string() : " made at " + where;
}

}  // namespace

/// In the list of waiters while in scope.
class StoreCore::Waiting {
 public:
  Waiting(StoreCore& core, Reference const& what)
      : core_(core), waiter_{&what, Deadline::Clock::now(), false, nullptr, nullptr} {
    std::lock_guard lock(core_.mutex_);
    waiter_.next = core_.waiters_;
    if (waiter_.next) waiter_.next->prev = &waiter_;
    core_.waiters_ = &waiter_;
  }
  ~Waiting() {
    std::lock_guard lock(core_.mutex_);
    if (waiter_.next) waiter_.next->prev = waiter_.prev;
    (waiter_.prev ? waiter_.prev->next : core_.waiters_) = waiter_.next;
  }
  Waiting(Waiting const&) = delete;
  Waiting& operator=(Waiting const&) = delete;
  Waiter& waiter() noexcept { return waiter_; }

 private:
  StoreCore& core_;
  Waiter waiter_;
};

StoreCore::StoreCore(std::string name, std::unique_ptr<Connector> connector, StoreOptions options)
    : connector_(metered(std::move(connector), options.metrics, meter_)),
      deferrable_(connector_->deferrable()),
      in_place_(connector_->reads_in_place()),
      info_(std::make_shared<StoreInfo const>(StoreInfo{std::move(name), connector_->config().to_string()})),
      options_(std::move(options)),
      cache_(options_.cache_objects.value_or(in_place_ ? 0 : 16), options_.cache_bytes) {
  if (!options_.log) options_.log = default_log();
  connector_->opened_as(info_->name);
  if (options_.trace.empty()) options_.trace = Trace::file_of_environment();
  if (!options_.trace.empty()) begin_trace();
}

std::unique_ptr<Connector> StoreCore::metered(std::unique_ptr<Connector> connector, Metering metrics,
                                              MeteringConnector*& meter) {
  if (metrics == Metering::off) return connector;
  auto metering = std::make_unique<MeteringConnector>(std::move(connector));
  meter = metering.get();
  return metering;
}

std::optional<Metrics> StoreCore::metrics() const {
  return meter_ ? std::optional(meter_->metrics()) : std::nullopt;
}

void StoreCore::log_metrics() const {
  if (options_.metrics != Metering::logged || !options_.log) return;
  options_.log(LogLevel::info, "metrics of store '" + name() + "' in " + connector_->whoami());
  std::istringstream lines(metrics()->to_string());
  for (std::string line; std::getline(lines, line);) options_.log(LogLevel::info, line);
}

void StoreCore::begin_trace() {
  trace_ = std::make_shared<Trace>(options_.trace, options_.trace_events,
                                   Trace::About{name(), Config::parse(info_->connector).kind(), connector_->whoami()},
                                   options_.log);
  gathers_ = connector_->gather_at_close(trace_);
}

void StoreCore::trace_made(Reference const& future) noexcept {
  auto const now = Ticks::now();
  trace_->record(Trace::What::made, future.key, future.made_at, now, now, 0, 0);
}

/// REQUIRES: trace_. `bytes`: of the object, where that is known beforehand.
template <class Work>
auto StoreCore::traced(Trace::What what, Key const& key, Where const& made, std::size_t bytes, Work const& work) {
  TraceSpan span(*trace_, what, key, made);
  span.bytes = bytes;
  try {
    if constexpr (std::is_same_v<decltype(work()), Bytes>) {
      auto object = work();
      span.bytes = object.size();
      return object;
    } else {
      return work();
    }
  } catch (Error const& error) {
    span.error = static_cast<int>(error.code());
    throw;
  }
}

StoreCore::~StoreCore() {
  try {
    close();
  } catch (std::exception const&) {  // a destructor has nobody to tell
  }
}

void StoreCore::ensure_open() const {
  if (closed_.load(std::memory_order_acquire)) throw StoreClosed("store '" + name() + "' is closed");
}

DeferrableConnector& StoreCore::deferrable() {
  if (deferrable_) return *deferrable_;
  std::string others;
  for (auto const& kind : Registry::instance().deferrable_kinds()) others += (others.empty() ? "" : ", ") + kind;
  throw NotDeferrable("connector '" + Config::parse(info_->connector).kind() + "' of store '" + name() +
                      "' cannot make futures (its keys exist only with their objects) open the store on one that can: " +
                      (others.empty() ? "local, file, redis, endpoint, rma" : others));
}

Key StoreCore::put(Buffer object, Tags const& tags) {
  ensure_open();
  auto const put_it = [&] {
    return tags.empty() ? connector_->put(std::move(object)) : connector_->put_tagged(std::move(object), tags);
  };
  if (!trace_) [[likely]] return put_it();
  auto const size = object.size();
  auto const begin = Ticks::now();
  auto key = put_it();
  trace_->record(Trace::What::put, key, {}, begin, Ticks::now(), size, 0);
  return key;
}

std::vector<Key> StoreCore::put_batch(std::vector<Buffer> objects, Tags const& tags) {
  ensure_open();
  auto const put_them = [&] {
    if (tags.empty()) return connector_->put_batch(std::move(objects));
    std::vector<Key> keys;
    keys.reserve(objects.size());
    for (auto& object : objects) keys.push_back(connector_->put_tagged(std::move(object), tags));
    return keys;
  };
  if (!trace_) [[likely]] return put_them();
  std::vector<std::size_t> sizes;
  for (auto const& object : objects) sizes.push_back(object.size());
  auto const begin = Ticks::now();
  auto keys = put_them();
  auto const end = Ticks::now();
  for (std::size_t i = 0; i < keys.size(); ++i) trace_->record(Trace::What::put, keys[i], {}, begin, end, sizes[i], 0);
  return keys;
}

std::optional<Bytes> StoreCore::get(Key const& key) {
  ensure_open();
  return connector_->get(key);
}

std::vector<std::optional<Bytes>> StoreCore::get_batch(std::vector<Key> const& keys) {
  ensure_open();
  return connector_->get_batch(keys);
}

void StoreCore::get_parts(std::span<ObjectPart const> parts, PartVisitor const& visit) {
  ensure_open();
  connector_->get_parts(parts, visit);
}

bool StoreCore::exists(Key const& key) {
  ensure_open();
  return cache_.contains(key) || connector_->exists(key);
}

void StoreCore::evict(Key const& key) {
  ensure_open();
  cache_.erase(key);
  if (!trace_) [[likely]] return connector_->evict(key);
  traced(Trace::What::evict, key, {}, 0, [&] { connector_->evict(key); });
}

Key StoreCore::new_key(KeyHint const& hint) {
  ensure_open();
  return deferrable().new_key(hint);
}

void StoreCore::set(Reference const& future, Buffer object) {
  ensure_open();
  if (!trace_) [[likely]] return deferrable().set(future.key, std::move(object));
  auto const size = object.size();
  traced(Trace::What::set, future.key, future.made_at, size, [&] { deferrable().set(future.key, std::move(object)); });
}

void StoreCore::fail(Reference const& future, std::exception_ptr const& error) {
  ensure_open();
  auto failure = wire::encode_failure(Failure::of(error, connector_->whoami()));
  if (!trace_) [[likely]] return deferrable().set(future.key, std::move(failure));
  traced(Trace::What::failed, future.key, future.made_at, 0, [&] { deferrable().set(future.key, std::move(failure)); });
}

bool StoreCore::done(Reference const& future) {
  ensure_open();
  return connector_->exists(future.key);
}

Bytes StoreCore::fetch(Reference const& reference, Deadline deadline) {
  if (!trace_) [[likely]] return take(reference, deadline);
  return traced(Trace::What::resolve, reference.key, reference.made_at, 0, [&] { return take(reference, deadline); });
}

Bytes StoreCore::take(Reference const& reference, Deadline deadline) {
  auto bytes = reference.kind == Kind::deferred ? await(reference, deadline) : get(reference.key);
  if (!bytes)
    throw ObjectNotFound("key '" + reference.key.text() + "' not found in store '" + name() + "'" + made(reference) +
                         (reference.evict_on_resolve
                              ? " (evict_on_resolve: the first proxy that resolved took it)"
                              : " (it may have been evicted while proxies still exist)"));
  if (auto failure = wire::decode_failure(*bytes)) throw RemoteError(*std::move(failure));
  return *std::move(bytes);
}

std::optional<Bytes> StoreCore::await(Reference const& future, Deadline deadline) {
  try {
    if (!closed_.load(std::memory_order_acquire))
      if (auto found = look(future, deadline)) return found;
    std::optional<Bytes> object;
    block(future, deadline, [&](Deadline until) {
      auto received = deferrable_->receive(future.key, until);
      object = std::move(received.object);
      return received.state;
    });
    return object;
  } catch (StoreClosed const&) {  // closed between the looks
    throw_not_settled(future, State::broken, Deadline::Clock::now());
  }
}

/// Before all that a wait costs: what is there, or comes any moment where looking costs nothing.
std::optional<Bytes> StoreCore::look(Reference const& future, Deadline deadline) {
  auto object = connector_->get(future.key);
  if (object || !in_place_) return object;
  return deferrable().receive(future.key, earlier(deadline, moment)).object;
}

void StoreCore::wait(Reference const& future, Deadline deadline) {
  auto const wait_once = [&](Deadline until) { return deferrable_->wait(future.key, until); };
  if (!trace_) [[likely]] return block(future, deadline, wait_once);
  traced(Trace::What::wait, future.key, future.made_at, 0, [&] { block(future, deadline, wait_once); });
}

/// To the deadline, with a stop for the stall report and some to look for a ring.
template <class Block>
void StoreCore::block(Reference const& future, Deadline deadline, Block const& block_until) {
  deferrable();
  if (closed_.load(std::memory_order_acquire)) throw_not_settled(future, State::broken, Deadline::Clock::now());
  Waiting waiting(*this, future);
  BlockingRegion const blocking;
  auto& waiter = waiting.waiter();
  Deadline stall = options_.stall_report.count() > 0 ? waiter.since + options_.stall_report : Deadline::never();
  bool looks = options_.deadlock_check.count() > 0 && !blocking.is_observed();
  std::unique_ptr<LongWait> wait;
  for (;;) {
    Deadline const check = looks ? Deadline(options_.deadlock_check) : Deadline::never();
    State const state = block_until(earlier(deadline, earlier(stall, check)));
    if (state == State::ready) return;
    if (state != State::pending) {
      if (wait) throw_ring(waiter, wait->ring());
      throw_not_settled(future, state, waiter.since);
    }
    if (deadline.expired()) throw_not_settled(future, state, waiter.since);
    if (stall.expired()) {
      report_stall(waiter);
      stall = Deadline::never();
    }
    if (!check.expired()) continue;
    if (!wait) wait = deferrable_->wait_long(future.key);
    if (wait) throw_ring(waiter, wait->look());
    looks = wait != nullptr;
  }
}

/// Nothing if there is none.
void StoreCore::throw_ring(Waiter const& waiter, std::optional<std::string> const& ring) const {
  if (!ring) return;
  auto const& future = *waiter.what;
  throw DeadlockError("future '" + future.key.text() + "'" + made(future) + " in store '" + name() +
                      "' will not be set (after " + seconds_since(waiter.since) + ": " + *ring +
                      ") set what others wait for before waiting for them");
}

void StoreCore::throw_not_settled(Reference const& future, State state, Deadline::Clock::time_point since) const {
  auto const what = "future '" + future.key.text() + "'" + made(future) + " in store '" + name() + "'";
  switch (state) {
    case State::gone:
      throw ObjectNotFound(what + " is gone (it was evicted) keep it until all consumers have resolved it");
    case State::broken:
      throw BrokenFuture(what + " will never be set (the store was closed, here or by the one who would set it)");
    default: throw Timeout("timed out after " + seconds_since(since) + " waiting for " + what + " (it is not set yet)");
  }
}

std::string StoreCore::describe(Waiter const& waiter) const {
  return connector_->whoami() + " has waited " + seconds_since(waiter.since) + " for future '" +
         waiter.what->key.text() + "'" + made(*waiter.what) + " in store '" + name() + "' (pending)";
}

void StoreCore::report_stall(Waiter& waiter) {
  {
    std::lock_guard lock(mutex_);
    waiter.reported = true;
  }
  if (options_.log) options_.log(LogLevel::warning, describe(waiter));
}

std::string StoreCore::report() {
  std::string out = "store '" + name() + "' on " + Config::without_secrets(info_->connector) +
                    (closed_ ? " (closed)" : "") + "\n";
  if (!closed_) out += connector_->report();
  if (cache_.enabled())
    out += "cache: " + std::to_string(cache_.objects()) + " objects, " + std::to_string(cache_.bytes()) + " bytes\n";
  std::lock_guard lock(mutex_);
  out += waiters_ ? "waiting here:\n" : "nobody waits here\n";
  for (auto const* waiter = waiters_; waiter; waiter = waiter->next)
    out += "  " + describe(*waiter) + (waiter->reported ? ", stalled" : "") + "\n";
  return out;
}

void StoreCore::spawn(std::function<void()> work) {
  Workers done;
  {
    std::lock_guard lock(mutex_);
    ensure_open();
    auto const first_done = std::partition(workers_.begin(), workers_.end(), [](auto const& w) { return !w->done; });
    done.assign(first_done, workers_.end());
    workers_.erase(first_done, workers_.end());
    auto worker = std::make_shared<Worker>();
    workers_.push_back(worker);
    worker->thread = std::thread([core = shared_from_this(), worker, work = std::move(work)] {
      work();
      std::lock_guard finished(core->mutex_);
      worker->done = true;
    });
  }
  join(done);
}

void StoreCore::join(Workers const& workers) {
  for (auto const& worker : workers) {
    if (!worker->thread.joinable()) continue;  // it could not be started
    if (worker->thread.get_id() == std::this_thread::get_id()) worker->thread.detach();
    else worker->thread.join();
  }
}

void StoreCore::close() {
  if (closed_.exchange(true)) return;
  Registry::instance().remove(*this);
  std::exception_ptr trouble;
  auto const attempt = [&](auto const& work) {
    try {
      work();
    } catch (...) {
      if (!trouble) trouble = std::current_exception();
    }
  };
  attempt([this] { lifespans_.end(*connector_); });
  attempt([this] { connector_->close(); });
  Workers workers;
  {
    std::lock_guard lock(mutex_);
    workers.swap(workers_);
  }
  join(workers);
  cache_.clear();
  log_metrics();
  if (trace_ && !gathers_) {
    trace_->hear(trace_->say(trace_->open()));
    trace_->close();
  }
  if (trouble) std::rethrow_exception(trouble);
}

std::shared_ptr<StoreCore> locate(Reference const& reference) {
  if (!reference.store) throw InvalidArgument("this proxy or future stands for nothing (it names no store)");
  return Registry::instance().find_or_open(*reference.store);
}

}  // namespace proxystore::detail
