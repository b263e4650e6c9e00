#include <deque>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "storage.hpp"

namespace proxystore::detail {
namespace {

class MemoryStorage final : public Storage {
 public:
  Stored set(std::string const& key, Bytes object, Rule rule) override {
    if (rule == Rule::once && evicted_.contains(key)) return Stored::evicted;
    auto const [at, fresh] = objects_.try_emplace(key);
    if (!fresh && rule == Rule::once) return Stored::already_set;
    at->second = std::move(object);
    evicted_.erase(key);
    return Stored::done;
  }

  Looked look(std::string const& key, Want want) override {
    if (auto const at = objects_.find(key); at != objects_.end())
      return {State::ready, want == Want::object ? at->second : Bytes()};
    return {evicted_.contains(key) ? State::gone : State::pending, {}};
  }

  void evict(std::string const& key) override {
    objects_.erase(key);
    if (!evicted_.insert(key).second) return;
    order_.push_back(key);
    if (order_.size() <= most_evicted) return;
    evicted_.erase(order_.front());
    order_.pop_front();
  }

  std::string describe() const override { return "memory (objects are lost when the endpoint stops)"; }

 private:
  std::unordered_map<std::string, Bytes> objects_;
  std::unordered_set<std::string> evicted_;
  std::deque<std::string> order_;  // of eviction
};

}  // namespace

std::unique_ptr<Storage> make_memory_storage() { return std::make_unique<MemoryStorage>(); }

}  // namespace proxystore::detail
