#include "handoff.hpp"

#include <sched.h>
#include <array>
#include <cstring>
#include <string>

#include <proxystore/error.hpp>

#include "arena.hpp"
#include "futex.hpp"

namespace proxystore::mpi::detail {

namespace {

bool is_set(Phase phase) noexcept {
  return phase == Phase::ready || phase == Phase::elsewhere || phase == Phase::arriving;
}

/// Evicted while it was being set: its setter, or the evictor, has not retired it yet.
bool is_doomed(Slot const& slot) noexcept { return (slot.claim.load() & Slot::evicted) != 0; }

}  // namespace

State Handoff::state_of(Handle at) noexcept {
  auto const word = at.slot->word.load(std::memory_order_acquire);
  if (generation_of(word) != at.generation) return State::gone;
  switch (phase_of(word)) {
    case Phase::pending: return State::pending;
    case Phase::ready:
    case Phase::elsewhere:
    case Phase::arriving: return is_doomed(*at.slot) ? State::gone : State::ready;
    case Phase::broken: return State::broken;
    case Phase::free:
    case Phase::gone: break;
  }
  return State::gone;
}

Handoff::Outcome Handoff::look(Handle at) noexcept {
  auto const claim = at.slot->claim.load(std::memory_order_acquire);
  if (generation_of(claim) != at.generation || (claim & Slot::evicted) != 0) return Outcome::gone;
  if ((claim & Slot::broken) != 0) return Outcome::broken;
  return (claim & Slot::claimed) != 0 ? Outcome::already_set : Outcome::done;
}

Handoff::Outcome Handoff::claim(Handle at) noexcept {
  auto expected = at.generation << 8U;
  if (at.slot->claim.compare_exchange_strong(expected, expected | Slot::claimed)) return Outcome::done;
  return look(at);
}

Handoff::Outcome Handoff::publish_inline(Handle at, std::span<std::byte const> object) {
  if (auto const outcome = claim(at); outcome != Outcome::done) return outcome;
  std::array<std::uint64_t, Slot::inline_words> words{};
  if (!object.empty()) std::memcpy(words.data(), object.data(), object.size());
  // A reader of the former generation that sees a word of this one also sees that the slot moved on.
  std::atomic_thread_fence(std::memory_order_release);
  for (std::size_t i = 0; i * 8 < object.size(); ++i) at.slot->payload[i].store(words[i], std::memory_order_relaxed);
  at.slot->size.store(object.size(), std::memory_order_relaxed);
  announce(at, Phase::ready);
  return Outcome::done;
}

Handoff::Outcome Handoff::publish_block(Handle at, std::uint32_t owner, std::uint64_t offset, std::uint64_t size) {
  if (auto const outcome = claim(at); outcome != Outcome::done) return outcome;
  std::atomic_thread_fence(std::memory_order_release);
  at.slot->payload[0].store(owner, std::memory_order_relaxed);
  at.slot->payload[1].store(offset, std::memory_order_relaxed);
  at.slot->size.store(size, std::memory_order_relaxed);
  announce(at, Phase::ready);
  return Outcome::done;
}

Handoff::Outcome Handoff::publish_elsewhere(Handle at, Elsewhere const& bytes) {
  if (auto const outcome = claim(at); outcome != Outcome::done) return outcome;
  std::atomic_thread_fence(std::memory_order_release);
  Slot& slot = *at.slot;
  slot.payload[0].store(std::uint64_t{bytes.source} << 32U | bytes.name.home, std::memory_order_relaxed);
  slot.payload[1].store(bytes.name.maker, std::memory_order_relaxed);
  slot.payload[2].store(bytes.name.number, std::memory_order_relaxed);
  slot.payload[3].store(bytes.name.generation, std::memory_order_relaxed);
  slot.payload[4].store(bytes.size, std::memory_order_relaxed);
  announce(at, Phase::elsewhere);  // size stays 0: no block of this node belongs to the slot
  return Outcome::done;
}

std::optional<Elsewhere> Handoff::elsewhere(Handle at) noexcept {
  auto const word = word_of(at.generation, Phase::elsewhere);
  if (at.slot->word.load(std::memory_order_acquire) != word) return std::nullopt;
  std::array<std::uint64_t, 5> part;
  for (std::size_t i = 0; i < part.size(); ++i) part[i] = at.slot->payload[i].load(std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_acquire);
  if (at.slot->word.load(std::memory_order_relaxed) != word) return std::nullopt;
  Name const name{static_cast<std::uint32_t>(part[0]), static_cast<std::uint32_t>(part[1]), part[2], part[3]};
  return Elsewhere{static_cast<std::uint32_t>(part[0] >> 32U), name, part[4]};
}

bool Handoff::bring_here(Handle at, std::uint32_t owner, std::uint64_t offset, std::uint64_t size) noexcept {
  Slot& slot = *at.slot;
  auto word = word_of(at.generation, Phase::elsewhere);
  if (!slot.word.compare_exchange_strong(word, word_of(at.generation, Phase::arriving))) return false;
  std::atomic_thread_fence(std::memory_order_release);  // for elsewhere(): no part of the new before ARRIVING
  slot.payload[0].store(owner, std::memory_order_relaxed);
  slot.payload[1].store(offset, std::memory_order_relaxed);
  slot.size.store(size, std::memory_order_relaxed);
  word = word_of(at.generation, Phase::arriving);
  if (slot.word.compare_exchange_strong(word, word_of(at.generation, Phase::ready))) {
    tell(at);
    return true;
  }
  slot.size.store(0, std::memory_order_relaxed);  // evicted meanwhile; pinned, so nobody has read it
  return false;
}

void Handoff::announce(Handle at, Phase phase) noexcept {
  at.slot->word.store(word_of(at.generation, phase));
  tell(at);
  if ((at.slot->claim.load() & Slot::evicted) != 0) retire(at);
}

/// After a change of the word: those who sleep on it, and those on other nodes.
void Handoff::tell(Handle at) noexcept {
  auto const sleepers = at.slot->sleepers.load();
  if (sleepers == 0) return;
  if ((sleepers & ~Slot::watched) != 0) futex_wake_all(at.slot->word);
  if ((sleepers & Slot::watched) != 0 && beyond_) beyond_->settled(at);
}

/// Set -> GONE, by whoever comes first: the setter that finds it evicted, or the evictor.
void Handoff::retire(Handle at) noexcept {
  for (;;) {
    auto const bytes = elsewhere(at);
    auto word = at.slot->word.load();
    if (generation_of(word) != at.generation || !is_set(phase_of(word))) return;
    if (!at.slot->word.compare_exchange_strong(word, word_of(at.generation, Phase::gone))) continue;
    tell(at);
    if (bytes && beyond_) beyond_->orphaned(at, *bytes);
    return drop_reference(*at.slot, at.home);
  }
}

void Handoff::evict(Handle at) noexcept {
  Slot& slot = *at.slot;
  auto claim = slot.claim.load();
  do {
    if (generation_of(claim) != at.generation || (claim & Slot::evicted) != 0) return;
  } while (!slot.claim.compare_exchange_weak(claim, claim | Slot::evicted));
  if ((claim & Slot::claimed) != 0) return retire(at);
  slot.word.store(word_of(at.generation, Phase::gone));
  tell(at);
  drop_reference(slot, at.home);
}

void Handoff::break_slot(Handle at) noexcept {
  auto claim = at.generation << 8U;
  if (!at.slot->claim.compare_exchange_strong(claim, claim | Slot::broken)) return;  // set, evicted or broken already
  auto word = word_of(at.generation, Phase::pending);
  if (at.slot->word.compare_exchange_strong(word, word_of(at.generation, Phase::broken))) tell(at);
}

void Handoff::break_pending(int leaver) noexcept {
  for (std::uint32_t home = 0; home < slabs_.size(); ++home) {
    for (std::uint64_t index = 0; Slot* slot = find_slot(slabs_[home], index); ++index) {
      auto const word = slot->word.load(std::memory_order_acquire);
      if (phase_of(word) != Phase::pending) continue;
      auto const producer = slot->producer.load(std::memory_order_relaxed);
      if ((producer == -1 ? static_cast<int>(home) : producer) == leaver) break_slot({slot, home, generation_of(word)});
    }
  }
}

void Handoff::drop_reference(Slot& slot, std::uint32_t home) noexcept {
  if (slot.refs.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  // The last one: nobody takes another reference, and the slot is ours until it is given back.
  auto const owner = slot.payload[0].load(std::memory_order_relaxed);
  auto const offset = slot.payload[1].load(std::memory_order_relaxed);
  if (slot.size.load(std::memory_order_relaxed) > Slot::inline_bytes) give_back_block(slabs_[owner], offset);
  give_back_slot(slabs_[home], slot);
}

std::optional<Handoff::View> Handoff::view(Handle at) {
  Slot& slot = *at.slot;
  auto const ready = word_of(at.generation, Phase::ready);
  if (slot.word.load(std::memory_order_acquire) != ready || is_doomed(slot)) return std::nullopt;
  auto const size = slot.size.load(std::memory_order_relaxed);
  if (size <= Slot::inline_bytes) {
    std::array<std::uint64_t, Slot::inline_words> words;
    // No word more: the last ones lie on another line than the rest.
    for (std::size_t i = 0; i * 8 < size; ++i) words[i] = slot.payload[i].load(std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_acquire);
    if (slot.word.load(std::memory_order_relaxed) != ready) return std::nullopt;
    return View{Bytes::copy_of(std::as_bytes(std::span(words)).first(size)), {}};
  }
  auto refs = slot.refs.load(std::memory_order_relaxed);
  do {
    if (refs == 0) return std::nullopt;
  } while (!slot.refs.compare_exchange_weak(refs, refs + 1, std::memory_order_acq_rel));
  if (slot.word.load(std::memory_order_acquire) != ready) {
    drop_reference(slot, at.home);
    return std::nullopt;
  }
  auto const owner = slot.payload[0].load(std::memory_order_relaxed);
  auto const offset = slot.payload[1].load(std::memory_order_relaxed);
  if (owner >= slabs_.size() || offset > slabs_[owner].size() || slot.size.load() > slabs_[owner].size() - offset)
    throw CorruptObject("a slot in shared memory names bytes beyond its slab (something wrote over it)");
  return View{{}, slabs_[owner].subspan(offset, slot.size.load(std::memory_order_relaxed))};
}

State Handoff::watch(Handle at) noexcept {
  at.slot->sleepers.fetch_or(Slot::watched);
  std::atomic_thread_fence(std::memory_order_seq_cst);  // state_of() alone could look before the bit is seen
  return state_of(at);
}

State Handoff::wait(Handle at, Deadline deadline) {
  if (!beyond_) return sleep(at, deadline);
  State state = State::pending;
  drive_until(at.slot, deadline, [&] { return (state = state_of(at)) != State::pending; });
  return state == State::pending && stopped() ? State::broken : state;
}

/// On a node of its own there is nothing to look for: spins, yields and sleeps until it is woken.
State Handoff::sleep(Handle at, Deadline deadline) {
  State state = State::pending;
  auto const settled = [&] {
    state = state_of(at);
    return state != State::pending || stopped();
  };
  if (settled()) return state == State::pending ? State::broken : state;
  if (!deadline.expired() && !settled_soon(patience_, deadline, settled) && !deadline.expired()) {
    Slot& slot = *at.slot;
    std::list<Slot*>::iterator entry;
    {
      std::lock_guard lock(sleeping_mutex_);
      entry = sleeping_.insert(sleeping_.end(), &slot);
    }
    auto const pending = word_of(at.generation, Phase::pending);
    slot.sleepers.fetch_add(1);
    while (!settled() && !deadline.expired()) futex_wait(slot.word, pending, deadline);
    slot.sleepers.fetch_sub(1);
    std::lock_guard lock(sleeping_mutex_);
    sleeping_.erase(entry);
  }
  return state == State::pending && stopped_ ? State::broken : state;
}

void Handoff::stop_waiting() noexcept {
  stopped_ = true;
  // A waiter between its last look and the kernel misses one wake-up, so until they are all out.
  for (;;) {
    {
      std::lock_guard lock(sleeping_mutex_);
      if (sleeping_.empty()) return;
      for (Slot* slot : sleeping_) futex_wake_all(slot->word);
    }
    sched_yield();
  }
}

}  // namespace proxystore::mpi::detail
