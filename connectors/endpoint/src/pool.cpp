#include "pool.hpp"

#include <algorithm>
#include <utility>

#include <proxystore/error.hpp>

#include "home.hpp"

namespace proxystore::detail {
namespace {

struct Reached {
  std::unique_ptr<HttpConnection> connection;
  std::string host;
  int port = 0;
};

/// The first of the endpoints that answers.
Reached discover(EndpointOptions const& options) {
  auto const home = options.home.empty() ? default_home().string() : options.home;
  std::string seen;
  auto const known = find_endpoints(home);
  for (auto const& uuid : options.endpoints)
    for (auto const& [folder, config] : known) {
      if (config.uuid != uuid) continue;
      if (!config.host) {
        seen += "; '" + config.name + "' has not been started";
        continue;
      }
      try {
        auto connection = connect_to_endpoint(*config.host, config.port, options.timeout);
        if (connection->uuid == uuid) return {std::move(connection), *config.host, config.port};
        seen += "; at the address of '" + config.name + "' there is another endpoint, " + connection->uuid;
      } catch (std::exception const& error) {
        seen += "; '" + config.name + "': " + error.what();
      }
    }
  if (seen.empty()) seen = "; none of them has a configuration there";
  throw EndpointLost(
      "no endpoint can be reached (looked in " + home + seen + ") start one: proxystore-endpoint start NAME",
      EndpointLost::Why::broken);
}

}  // namespace

EndpointPool::EndpointPool(EndpointOptions const& options)
    : options_(options), host_(options.host), port_(options.port) {
  idle_.reserve(options.connections);
  idle_.push_back(connect());
}

EndpointPool::Held EndpointPool::connect() {
  std::unique_lock lock(mutex_);
  auto const host = host_, uuid = uuid_;
  auto const port = port_;
  lock.unlock();
  Reached reached;
  if (!host.empty()) {
    try {
      reached = {connect_to_endpoint(host, port, options_.timeout), host, port};
      if (!options_.endpoints.empty() && reached.connection->uuid != uuid) reached.connection = nullptr;
    } catch (EndpointLost const&) {
      if (options_.endpoints.empty()) throw;
    }
  }
  // It may have started anew elsewhere: its configuration tells.
  if (!reached.connection) reached = discover(options_);
  lock.lock();
  host_ = reached.host;
  port_ = reached.port;
  uuid_ = reached.connection->uuid;
  return std::move(reached.connection);
}

EndpointPool::Held EndpointPool::take(Use use) {
  std::unique_lock lock(mutex_);
  auto const may_begin = [&] { return closed_ || use == Use::wait || operations_ < options_.connections; };
  changed_.wait(lock, may_begin);
  if (closed_) throw StoreClosed("the endpoint connector is closed");
  if (use == Use::operation) ++operations_;
  Held connection;
  if (!idle_.empty()) {
    connection = std::move(idle_.back());
    idle_.pop_back();
  } else {
    lock.unlock();
    try {
      connection = connect();
    } catch (...) {
      lock.lock();
      if (use == Use::operation) --operations_;
      changed_.notify_one();
      throw;
    }
    lock.lock();
    if (closed_) connection->shut();
  }
  busy_.insert(connection.get());
  return connection;
}

void EndpointPool::give_back(Held connection, Use use) noexcept {
  {
    std::lock_guard lock(mutex_);
    busy_.erase(connection.get());
    if (use == Use::operation) --operations_;
    if (connection->at_rest() && !closed_ && idle_.size() < options_.connections)
      idle_.push_back(std::move(connection));
  }
  changed_.notify_one();
}

bool EndpointPool::rest(int attempt, Deadline until) {
  constexpr int slowest = 6;
  std::unique_lock lock(mutex_);
  if (closed_) throw StoreClosed("the endpoint connector is closed");
  auto const broken = std::exchange(idle_, {});  // with the one that was used
  idle_.reserve(options_.connections);
  if (attempt == 0) return true;
  if (until.expired()) return false;
  Deadline const pause = std::chrono::milliseconds(5 << std::min(attempt, slowest));
  changed_.wait_until(lock, earlier(pause, until).time(), [&] { return closed_; });
  return true;
}

void EndpointPool::pause(Deadline until) {
  std::unique_lock lock(mutex_);
  changed_.wait_until(lock, until.time(), [&] { return closed_; });
}

void EndpointPool::close() {
  std::vector<Held> idle;
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
    idle.swap(idle_);
    for (auto const* connection : busy_) connection->shut();
  }
  changed_.notify_all();
}

std::size_t EndpointPool::connections() const {
  std::lock_guard lock(mutex_);
  return idle_.size() + busy_.size();
}

std::string EndpointPool::server() const {
  std::lock_guard lock(mutex_);
  return "endpoint " + uuid_ + " at " + host_ + ":" + std::to_string(port_);
}

std::string EndpointPool::uuid() const {
  std::lock_guard lock(mutex_);
  return uuid_;
}

}  // namespace proxystore::detail
