// A connector of your own. Its medium is a shelf: a place in this process that has a name.
#pragma once

#include <proxystore/proxystore.hpp>

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

/// Stands for the library that you write a connector for.
struct Shelf {
  std::mutex mutex;  // of all below
  std::condition_variable changed;
  std::map<std::string, std::optional<proxystore::Bytes>> objects;  // nullopt: named, not set. Evicted: absent

  static std::shared_ptr<Shelf> named(std::string const& name) {
    static std::mutex mutex;
    static std::map<std::string, std::shared_ptr<Shelf>> shelves;
    std::lock_guard lock(mutex);
    auto& shelf = shelves[name];
    if (!shelf) shelf = std::make_shared<Shelf>();
    return shelf;
  }
};

/// Objects on a shelf, for all connectors in this process that name it.
class ShelfConnector final : public proxystore::DeferrableConnector {
 public:
  using Key = proxystore::Key;
  using Bytes = proxystore::Bytes;
  using Buffer = proxystore::Buffer;
  using State = proxystore::State;

  explicit ShelfConnector(std::string name) : name_(std::move(name)), shelf_(Shelf::named(name_)) {}
  ~ShelfConnector() override { close(); }

  // What every connector does.

  Key put(Buffer object) override {
    Key key = new_key({});
    set(key, std::move(object));
    return key;
  }

  std::optional<Bytes> get(Key const& key) override {
    std::lock_guard lock(shelf_->mutex);
    ensure_open();
    auto const found = shelf_->objects.find(key.text());
    return found == shelf_->objects.end() ? std::nullopt : found->second;
  }

  bool exists(Key const& key) override { return get(key).has_value(); }

  void evict(Key const& key) override {
    {
      std::lock_guard lock(shelf_->mutex);
      ensure_open();
      shelf_->objects.erase(key.text());
    }
    shelf_->changed.notify_all();
  }

  proxystore::Config config() const override { return proxystore::Config("shelf", name_); }

  void close() override {
    {
      std::lock_guard lock(shelf_->mutex);
      closed_ = true;
    }
    shelf_->changed.notify_all();
  }

  // What one does besides that can name an object before it exists.

  Key new_key(proxystore::KeyHint const&) override {
    Key key = proxystore::make_uuid_key();
    std::lock_guard lock(shelf_->mutex);
    ensure_open();
    shelf_->objects.emplace(key.text(), std::nullopt);
    return key;
  }

  void set(Key const& key, Buffer object) override {
    {
      std::lock_guard lock(shelf_->mutex);
      ensure_open();
      auto const found = shelf_->objects.find(key.text());
      if (found == shelf_->objects.end())
        throw proxystore::ObjectNotFound("key '" + key.text() + "' cannot be set (it was evicted)");
      if (found->second)
        throw proxystore::AlreadySet("key '" + key.text() + "' is set already; the first object stays");
      found->second = std::move(object).freeze();
    }
    shelf_->changed.notify_all();
  }

  State wait(Key const& key, proxystore::Deadline deadline) override {
    std::unique_lock lock(shelf_->mutex);
    State state = State::pending;
    auto const settled = [&] {
      auto const found = shelf_->objects.find(key.text());
      if (closed_) state = State::broken;
      else if (found == shelf_->objects.end()) state = State::gone;
      else if (found->second) state = State::ready;
      return state != State::pending;
    };
    if (deadline.is_never()) shelf_->changed.wait(lock, settled);
    else shelf_->changed.wait_until(lock, deadline.time(), settled);
    return state;
  }

  static void add_kind(proxystore::Registry& registry) {
    registry.add_kind("shelf", proxystore::Registry::Deferral::yes, [](proxystore::Config const& config) {
      config.expect_only({});  // options that it does not know are an error
      return std::make_unique<ShelfConnector>(config.location());
    });
  }

 private:
  void ensure_open() const {
    if (closed_) throw proxystore::StoreClosed("the connector of shelf '" + name_ + "' is closed");
  }

  std::string const name_;
  std::shared_ptr<Shelf> const shelf_;
  bool closed_ = false;  // under the shelf's mutex
};
