#pragma once

#include <any>
#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <typeindex>
#include <unordered_map>

#include <proxystore/export.hpp>
#include <proxystore/key.hpp>

namespace proxystore::detail {

/// Deserialised objects, least recently used out first; bounded in objects and in stored bytes. Thread-safe.
class PROXYSTORE_EXPORT Cache {
 public:
  Cache(std::size_t max_objects, std::size_t max_bytes) : max_objects_(max_objects), max_bytes_(max_bytes) {}

  /// Null if absent, or if cached as another type.
  std::shared_ptr<void const> find(Key const& key, std::type_index type);
  /// An object larger than the whole cache is not kept. Replaces an older one of that key.
  void insert(Key const& key, std::type_index type, std::shared_ptr<void const> object, std::size_t bytes);
  void erase(Key const& key);
  bool contains(Key const& key) const;
  void clear();

  bool enabled() const noexcept { return max_objects_ != 0 && max_bytes_ != 0; }
  std::size_t objects() const;
  std::size_t bytes() const;

 private:
  struct Entry {
    Key key;
    std::type_index type;
    std::shared_ptr<void const> object;
    std::size_t bytes;
  };
  using Entries = std::list<Entry>;  // most recently used first

  void drop(Entries::iterator entry);

  std::size_t const max_objects_;
  std::size_t const max_bytes_;
  mutable std::mutex mutex_;
  std::size_t bytes_ = 0;
  Entries entries_;
  std::unordered_map<Key, Entries::iterator> index_;
};

}  // namespace proxystore::detail
