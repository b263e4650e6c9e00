#include "ledger.hpp"

#include <algorithm>

namespace proxystore::mpi::detail {

using segments::Locator;
using segments::State;

void Ledger::add(Locator const& at, std::string name) {
  std::lock_guard const lock(mutex_);
  entries_.emplace_hint(entries_.end(), place(at), Entry{at, std::move(name)});
}

/// Under the lock: an eviction that comes first must not be overwritten.
void Ledger::confirm(Locator const& at, State written) {
  std::lock_guard const lock(mutex_);
  auto const found = entries_.find(place(at));
  if (found == entries_.end()) return;
  found->second.announced = true;
  if (written == State::proposed) writer_.mark(at, State::complete);
}

bool Ledger::release(Locator const& at, State state) {
  std::lock_guard const lock(mutex_);
  if (entries_.erase(place(at)) == 0) return false;
  writer_.release(at, state);
  return true;
}

/// In turn; from the beginning again when the end is reached.
std::vector<Ledger::Entry> Ledger::next(std::size_t most) {
  std::lock_guard const lock(mutex_);
  std::vector<Entry> some;
  auto at = entries_.upper_bound(looked_at_);
  for (auto left = std::min(most, entries_.size()); left > 0; --left, ++at) {
    if (at == entries_.end()) at = entries_.begin();
    looked_at_ = at->first;
    if (at->second.announced) some.push_back(at->second);
  }
  return some;
}

std::size_t Ledger::size() {
  std::lock_guard const lock(mutex_);
  return entries_.size();
}

}  // namespace proxystore::mpi::detail
