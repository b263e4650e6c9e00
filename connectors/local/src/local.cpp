#include <proxystore/connectors/local.hpp>

#include <memory>
#include <utility>

#include <proxystore/error.hpp>

namespace proxystore {

LocalConnector::LocalConnector() : instance_(make_uuid_key().text()) {}

LocalConnector::~LocalConnector() = default;

void LocalConnector::ensure_open() const {
  if (closed_) throw StoreClosed("the local connector is closed");
}

Key LocalConnector::new_key(KeyHint const&) {
  std::lock_guard lock(mutex_);
  ensure_open();
  Key key(std::to_string(++made_));
  slots_.emplace(key, Slot{});
  return key;
}

Key LocalConnector::put(Buffer object) {
  Key key = new_key({});
  set(key, std::move(object));
  return key;
}

void LocalConnector::set(Key const& key, Buffer object) {
  {
    std::lock_guard lock(mutex_);
    ensure_open();
    auto const found = slots_.find(key);
    if (found == slots_.end())
      throw ObjectNotFound("local key '" + key.text() + "' cannot be set (it was evicted, or made by another store)");
    if (found->second.ready) throw AlreadySet("local key '" + key.text() + "' is set already; the first object stays");
    found->second = {true, std::move(object).freeze()};
  }
  changed_.notify_all();
}

std::optional<Bytes> LocalConnector::get(Key const& key) {
  std::lock_guard lock(mutex_);
  ensure_open();
  auto const found = slots_.find(key);
  if (found == slots_.end() || !found->second.ready) return std::nullopt;
  return found->second.object;
}

bool LocalConnector::exists(Key const& key) {
  std::lock_guard lock(mutex_);
  ensure_open();
  auto const found = slots_.find(key);
  return found != slots_.end() && found->second.ready;
}

void LocalConnector::evict(Key const& key) {
  {
    std::lock_guard lock(mutex_);
    ensure_open();
    slots_.erase(key);
  }
  changed_.notify_all();
}

State LocalConnector::wait(Key const& key, Deadline deadline) {
  std::unique_lock lock(mutex_);
  State state = State::pending;
  auto const settled = [&] {
    auto const found = slots_.find(key);
    if (closed_) state = State::broken;
    else if (found == slots_.end()) state = State::gone;
    else if (found->second.ready) state = State::ready;
    return state != State::pending;
  };
  if (deadline.is_never()) changed_.wait(lock, settled);
  else changed_.wait_until(lock, deadline.time(), settled);
  return state;
}

Config LocalConnector::config() const { return Config("local").set("instance", instance_); }

void LocalConnector::close() {
  std::unordered_map<Key, Slot> old;
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
    old.swap(slots_);
  }
  changed_.notify_all();
}

std::string LocalConnector::report() const {
  std::lock_guard lock(mutex_);
  std::size_t pending = 0, bytes = 0;
  for (auto const& [key, slot] : slots_) {
    pending += slot.ready ? 0 : 1;
    bytes += slot.object.size();
  }
  return "local: " + std::to_string(slots_.size() - pending) + " objects, " + std::to_string(bytes) + " bytes, " +
         std::to_string(pending) + " pending\n";
}

void LocalConnector::add_kind(Registry& registry) {
  registry.add_kind("local", Registry::Deferral::yes, [](Config const& config) -> std::unique_ptr<Connector> {
    if (config.text("instance"))
      throw ConfigError("local objects live only in the process and the store that made them");
    config.expect_only({});
    return std::make_unique<LocalConnector>();
  });
}

}  // namespace proxystore
