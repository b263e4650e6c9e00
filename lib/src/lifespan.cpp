#include <proxystore/detail/lifespan.hpp>

#include <cstdlib>
#include <utility>

#include <proxystore/detail/store_core.hpp>
#include <proxystore/error.hpp>
#include <proxystore/registry.hpp>

#include "leases.hpp"

namespace proxystore::detail {

Lifespan::~Lifespan() = default;

void Lifespan::require_open() const {
  if (ended())
    throw InvalidArgument(
        "a lifetime has ended (it was closed, its lease ran out, or its store was closed) make another for what is "
        "still to come");
}

void Lifespan::add(Key const& key) {
  std::lock_guard lock(mutex_);
  require_open();
  keys_.insert(key);
}

void Lifespan::keep(std::vector<Key> const& keys) {
  try {
    for (auto const& key : keys) add(key);
  } catch (...) {
    if (auto const store = store_.lock())
      for (auto const& key : keys) store->evict(key);
    throw;
  }
}

bool Lifespan::holds(Key const& key) const {
  std::lock_guard lock(mutex_);
  return keys_.contains(key);
}

bool Lifespan::is_of(StoreCore const& store) const noexcept { return store_.lock().get() == &store; }

template <class Evict>
void Lifespan::evict_all(Evict const& evict) {
  for (;;) {
    std::unordered_set<Key>::node_type next;
    {
      std::lock_guard lock(mutex_);
      ended_.store(true, std::memory_order_release);
      if (keys_.empty()) return;
      next = keys_.extract(keys_.begin());
    }
    try {
      evict(next.value());
    } catch (...) {
      std::lock_guard lock(mutex_);
      keys_.insert(std::move(next));
      throw;
    }
  }
}

void Lifespan::end() {
  if (leased_) Leases::instance().forget(*this);
  auto const store = store_.lock();
  evict_all([&](Key const& key) {
    if (store) store->evict(key);
  });
}

void Lifespan::end(Connector& connector) {
  if (leased_) Leases::instance().forget(*this);
  evict_all([&](Key const& key) { connector.evict(key); });
}

void Lifespan::end_at(Deadline at) {
  std::lock_guard lock(mutex_);
  require_open();
  leased_ = true;
  Leases::instance().set(shared_from_this(), at);
}

std::vector<std::shared_ptr<Lifespan>> Lifespans::open() const {
  std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<Lifespan>> spans;
  for (auto const& each : all_)
    if (auto span = each.lock()) spans.push_back(std::move(span));
  return spans;
}

std::shared_ptr<Lifespan> Lifespans::make(std::weak_ptr<StoreCore> store) {
  auto span = std::make_shared<Lifespan>(std::move(store));
  std::lock_guard lock(mutex_);
  std::erase_if(all_, [](auto const& each) { return each.expired(); });
  all_.push_back(span);
  return span;
}

std::shared_ptr<Lifespan> Lifespans::of_process(std::weak_ptr<StoreCore> store) {
  [[maybe_unused]] static bool const registered = std::atexit([] {
                                                    for (auto const& name : Registry::instance().stores())
                                                      if (auto const open = Registry::instance().find(name))
                                                        open->lifespans().end_of_process();
                                                  }) == 0;
  {
    std::lock_guard lock(mutex_);
    if (of_process_ && !of_process_->ended()) return of_process_;
  }
  auto span = make(std::move(store));
  std::lock_guard lock(mutex_);
  if (!of_process_ || of_process_->ended()) of_process_ = std::move(span);  // else another thread was faster
  return of_process_;
}

void Lifespans::end_of_process() {
  std::shared_ptr<Lifespan> span;
  {
    std::lock_guard lock(mutex_);
    span = of_process_;
  }
  if (!span) return;
  try {
    span->end();
  } catch (std::exception const&) {  // the process ends: nobody to tell
  }
}

bool Lifespans::hold(Key const& key) const {
  for (auto const& span : open())
    if (span->holds(key)) return true;
  return false;
}

void Lifespans::end(Connector& connector) {
  std::exception_ptr trouble;
  for (auto const& span : open()) {
    try {
      span->end(connector);
    } catch (...) {
      if (!trouble) trouble = std::current_exception();
    }
  }
  if (trouble) std::rethrow_exception(trouble);
}

}  // namespace proxystore::detail
