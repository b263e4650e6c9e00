/// Connectors and bytes for the tests of this folder.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <proxystore/connectors/local.hpp>
#include <proxystore/proxystore.hpp>

namespace support {

using namespace proxystore;
using namespace std::chrono_literals;
using namespace std::string_literals;
using namespace std::string_view_literals;

/// Waits that must end by themselves end long before this; then the test fails instead of hanging.
inline constexpr auto patience = 50s;

inline Bytes bytes_of(std::string_view text) { return Bytes::copy_of(text); }

/// The text of the error that `call` throws; a failure if it throws none, or another type.
template <class E, class Call>
std::string text_of(Call&& call) {
  try {
    std::forward<Call>(call)();
  } catch (E const& error) {
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

/// Objects on a shelf of this process that outlives its connectors and is found by its name: a medium as a file
/// system is one. Not deferrable, and reading is expensive: a store over it caches.
class ShelfConnector final : public Connector {
 public:
  struct Shelf {
    std::mutex mutex;
    std::map<Key, Bytes> objects;
    int gets = 0;
  };

  explicit ShelfConnector(std::string name) : name_(std::move(name)), shelf_(named(name_)) {}

  static std::shared_ptr<Shelf> named(std::string const& name) {
    static std::mutex mutex;
    static std::map<std::string, std::shared_ptr<Shelf>> shelves;
    std::lock_guard lock(mutex);
    auto& shelf = shelves[name];
    if (!shelf) shelf = std::make_shared<Shelf>();
    return shelf;
  }
  static void add_kind() {
    Registry::instance().add_kind("shelf", Registry::Deferral::no, [](Config const& config) {
      config.expect_only({});
      return std::make_unique<ShelfConnector>(config.location());
    });
  }

  Key put(Buffer object) override {
    std::lock_guard lock(shelf_->mutex);
    return shelf_->objects.emplace(make_uuid_key(), std::move(object).freeze()).first->first;
  }
  std::optional<Bytes> get(Key const& key) override {
    std::lock_guard lock(shelf_->mutex);
    ++shelf_->gets;
    auto const found = shelf_->objects.find(key);
    return found == shelf_->objects.end() ? std::nullopt : std::optional(Bytes::copy_of(found->second.span()));
  }
  bool exists(Key const& key) override {
    std::lock_guard lock(shelf_->mutex);
    return shelf_->objects.contains(key);
  }
  void evict(Key const& key) override {
    std::lock_guard lock(shelf_->mutex);
    shelf_->objects.erase(key);
  }
  Config config() const override { return Config("shelf", name_); }
  void close() override {}

 private:
  std::string const name_;
  std::shared_ptr<Shelf> const shelf_;
};

/// Counts what reaches the medium.
class CountingConnector final : public ForwardingConnector {
 public:
  struct Counts {
    std::atomic<int> gets = 0, waits = 0, sets = 0, evicts = 0;
  };
  CountingConnector(std::unique_ptr<Connector> inner, std::shared_ptr<Counts> counts)
      : ForwardingConnector(std::move(inner)), counts_(std::move(counts)) {}

  std::optional<Bytes> get(Key const& key) override {
    ++counts_->gets;
    return ForwardingConnector::get(key);
  }
  void evict(Key const& key) override {
    ++counts_->evicts;
    ForwardingConnector::evict(key);
  }
  void set(Key const& key, Buffer object) override {
    ++counts_->sets;
    ForwardingConnector::set(key, std::move(object));
  }
  State wait(Key const& key, Deadline deadline) override {
    ++counts_->waits;
    return ForwardingConnector::wait(key, deadline);
  }

 private:
  std::shared_ptr<Counts> counts_;
};

inline Store open_local(std::string name, StoreOptions options = {}) {
  return Store::open(std::move(name), std::make_unique<LocalConnector>(), std::move(options));
}
/// The value as another process would get it: nothing shared.
template <class T>
T travelled(T const& value) {
  return deserialize<T>(serialize(value));
}

/// How often `text` holds `part`.
inline int times(std::string_view text, std::string_view part) {
  int n = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + part.size())) ++n;
  return n;
}

/// Returns when `n` threads wait for futures of `store`.
inline void until_waiting(Store& store, int n) {
  while (times(store.report(), " has waited ") != n) std::this_thread::yield();
}

}  // namespace support
