#include "pool.hpp"

#include <algorithm>
#include <utility>

#include <proxystore/error.hpp>

namespace proxystore::detail {

RedisPool::RedisPool(RedisOptions const& options) : options_(options) {
  idle_.reserve(options.connections);
  idle_.push_back(std::make_unique<RedisConnection>(options));
  open_ = 1;
}

RedisPool::Held RedisPool::take() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return closed_ || !idle_.empty() || open_ < options_.connections; });
  if (closed_) throw StoreClosed("the redis connector is closed");
  if (!idle_.empty()) {
    auto connection = std::move(idle_.back());
    idle_.pop_back();
    return connection;
  }
  ++open_;
  lock.unlock();
  try {
    return std::make_unique<RedisConnection>(options_);
  } catch (...) {
    lock.lock();
    --open_;
    changed_.notify_one();
    throw;
  }
}

void RedisPool::give_back(Held connection) noexcept {
  {
    std::lock_guard lock(mutex_);
    if (connection->at_rest() && !closed_) idle_.push_back(std::move(connection));
    else --open_;
  }
  changed_.notify_one();
}

bool RedisPool::rest(int attempt, Deadline until) {
  constexpr int slowest = 6;
  std::unique_lock lock(mutex_);
  open_ -= idle_.size();  // they broke with the one that was used
  idle_.clear();
  changed_.notify_all();
  if (attempt == 0) return true;
  if (until.expired()) return false;
  Deadline const pause = std::chrono::milliseconds(5 << std::min(attempt, slowest));
  changed_.wait_until(lock, earlier(pause, until).time(), [&] { return closed_; });
  return true;
}

void RedisPool::close() {
  std::vector<Held> idle;
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
    idle.swap(idle_);
    open_ -= idle.size();
  }
  changed_.notify_all();
}

std::size_t RedisPool::connections() const {
  std::lock_guard lock(mutex_);
  return open_;
}

}  // namespace proxystore::detail
