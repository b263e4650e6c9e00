#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <proxystore/segments/writer.hpp>

namespace proxystore::mpi::detail {

/// What this rank has written and is still looked for, by place. Whoever evicts tells the slot, not the rank that
/// wrote: so this looks through them, some at each turn, and lets go of those whose slots are gone. Thread-safe.
class Ledger {
 public:
  explicit Ledger(segments::Writer& writer) : writer_(writer) {}

  /// Before it is announced.
  void add(segments::Locator const& at, std::string name);
  /// It was announced: a set that won is complete.
  void confirm(segments::Locator const& at, segments::State written);
  /// Lets go of it; false if somebody else has.
  bool release(segments::Locator const& at, segments::State state);
  /// Lets go of those of the next `most` that `is_gone(name)`; how many. `is_gone` is called without a lock.
  template <class IsGone>
  std::size_t sweep(std::size_t most, IsGone const& is_gone);
  std::size_t size();

 private:
  using At = std::pair<std::uint64_t, std::uint64_t>;  // number, offset
  struct Entry {
    segments::Locator at;
    std::string name;
    bool announced = false;
  };
  static At place(segments::Locator const& at) { return {at.number, at.offset}; }
  std::vector<Entry> next(std::size_t most);

  segments::Writer& writer_;
  std::mutex mutex_;  // guards all below
  std::map<At, Entry> entries_;
  At looked_at_{};
};

template <class IsGone>
std::size_t Ledger::sweep(std::size_t most, IsGone const& is_gone) {
  std::size_t released = 0;
  for (auto const& entry : next(most))
    if (is_gone(entry.name) && release(entry.at, segments::State::evicted)) ++released;
  return released;
}

}  // namespace proxystore::mpi::detail
