#include <proxystore/detail/cache.hpp>

#include <utility>

namespace proxystore::detail {

std::shared_ptr<void const> Cache::find(Key const& key, std::type_index type) {
  if (!enabled()) return nullptr;
  std::lock_guard lock(mutex_);
  auto const found = index_.find(key);
  if (found == index_.end() || found->second->type != type) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->object;
}

void Cache::insert(Key const& key, std::type_index type, std::shared_ptr<void const> object, std::size_t bytes) {
  if (!enabled() || bytes > max_bytes_) return;
  std::lock_guard lock(mutex_);
  if (auto const old = index_.find(key); old != index_.end()) drop(old->second);
  while (!entries_.empty() && (entries_.size() >= max_objects_ || bytes_ + bytes > max_bytes_))
    drop(std::prev(entries_.end()));
  entries_.push_front({key, type, std::move(object), bytes});
  index_[key] = entries_.begin();
  bytes_ += bytes;
}

void Cache::erase(Key const& key) {
  if (!enabled()) return;
  std::lock_guard lock(mutex_);
  if (auto const found = index_.find(key); found != index_.end()) drop(found->second);
}

bool Cache::contains(Key const& key) const {
  std::lock_guard lock(mutex_);
  return index_.contains(key);
}

void Cache::clear() {
  std::lock_guard lock(mutex_);
  index_.clear();
  entries_.clear();
  bytes_ = 0;
}

std::size_t Cache::objects() const {
  std::lock_guard lock(mutex_);
  return entries_.size();
}

std::size_t Cache::bytes() const {
  std::lock_guard lock(mutex_);
  return bytes_;
}

void Cache::drop(Entries::iterator entry) {
  bytes_ -= entry->bytes;
  index_.erase(entry->key);
  entries_.erase(entry);
}

}  // namespace proxystore::detail
