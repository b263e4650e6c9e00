#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include <proxystore/buffer.hpp>
#include <proxystore/connector.hpp>

#include "name.hpp"
#include "patience.hpp"
#include "slot.hpp"

namespace proxystore::mpi::detail {

/// A slot that a key names, and where the slot lies.
struct Handle {
  Slot* slot;
  std::uint32_t home;
  std::uint64_t generation;
};

/// Where the bytes of an object are that do not lie on this node: ask rank `source` for `name`.
struct Elsewhere {
  Elsewhere() noexcept = default;
  Elsewhere(std::uint32_t from, Name const& of, std::uint64_t bytes) noexcept : source(from), name(of), size(bytes) {}

  std::uint32_t source = Name::nobody;
  std::uint32_t unused = 0;  // in place of padding: letters carry it as it lies
  Name name;
  std::uint64_t size = 0;
};

/// What moving messages came to.
enum class Motion {
  none,       // nothing is under way that this rank moves
  under_way,  // bytes are: look again soon
  moved       // something came or went: look at once
};

/// What lies beyond the memory of a node.
class Beyond {
 public:
  /// A watched slot was set, evicted or broken. Called by whoever did it, before the slot can be used again.
  virtual void settled(Handle at) noexcept = 0;
  /// A slot was evicted whose bytes are elsewhere.
  virtual void orphaned(Handle at, Elsewhere const& bytes) noexcept = 0;
  /// Moves messages if this thread may. Throws when the network has failed.
  virtual Motion drive() = 0;

 protected:
  ~Beyond() = default;
};

/// Publishing, waiting, viewing and evicting through slots in the shared memory of a node: the protocol drawn in
/// slot.hpp, and nothing else. Calls no MPI. Thread-safe.
class Handoff {
 public:
  /// `mine`: the number on the node of the rank that this process is.
  Handoff(std::vector<std::span<std::byte>> slabs, std::uint32_t mine, Patience patience)
      : slabs_(std::move(slabs)), mine_(mine), patience_(patience) {}

  /// Before any other call; null: there are no other nodes. A waiter then drives `beyond` instead of only sleeping.
  void connect(Beyond* beyond) noexcept { beyond_ = beyond; }

  enum class Outcome { done, already_set, gone, broken };

  /// Small objects (at most Slot::inline_bytes) are copied into the slot.
  Outcome publish_inline(Handle at, std::span<std::byte const> object);
  /// The object lies in slab `owner` at `offset`. Unless done, it stays the caller's.
  Outcome publish_block(Handle at, std::uint32_t owner, std::uint64_t offset, std::uint64_t size);
  /// The object is set, and its bytes are on another node.
  Outcome publish_elsewhere(Handle at, Elsewhere const& bytes);
  /// Where the bytes are, if on another node; nullopt if they are here, or not set, or gone.
  static std::optional<Elsewhere> elsewhere(Handle at) noexcept;
  /// The bytes have come, into slab `owner`. REQUIRES: the slot is pinned. False, and the block stays the caller's, if
  /// they are no longer wanted.
  bool bring_here(Handle at, std::uint32_t owner, std::uint64_t offset, std::uint64_t size) noexcept;
  /// What a publish would come to now, to spare the work of preparing one.
  static Outcome look(Handle at) noexcept;

  State wait(Handle at, Deadline deadline);
  /// The state now. Whoever settles the slot from now on calls Beyond::settled.
  static State watch(Handle at) noexcept;
  /// Moves messages and rests, until `done`, the deadline (false), or stop_waiting(). Rests as a sleeper on the slot if
  /// there is one: its change ends the rest; anything else is seen within a millisecond.
  template <class Done>
  bool drive_until(Slot* slot, Deadline deadline, Done const& done);
  /// Threads of this process that are in drive_until() now.
  bool drives_elsewhere() const noexcept { return drivers_.load() != 0; }
  /// A thread of this process moves messages outside of drive_until().
  void count_driving(int change) noexcept {
    header_of(slabs_[mine_]).driving.fetch_add(static_cast<std::uint32_t>(change));
  }
  /// Rank `number` of this node moves messages now: what it was promised, the node will see.
  bool is_driving(std::uint32_t number) const noexcept { return header_of(slabs_[number]).driving.load() != 0; }
  /// Ends all waits of this process with State::broken, now and later.
  void stop_waiting() noexcept;

  std::span<std::byte> slab(std::uint32_t number) const noexcept { return slabs_[number]; }
  bool stopped() const noexcept { return stopped_.load(std::memory_order_relaxed); }

  static State state_of(Handle at) noexcept;
  static bool ready(Handle at) noexcept { return state_of(at) == State::ready; }

  struct View {
    Bytes small;                       // copied out of the slot
    std::span<std::byte const> large;  // in place; holds a reference that unview() gives back
  };
  /// nullopt: not set, or evicted. Throws CorruptObject if the slot names memory that is not there.
  std::optional<View> view(Handle at);
  void unview(Handle at) noexcept { drop_reference(*at.slot, at.home); }

  void evict(Handle at) noexcept;
  /// What rank `leaver` was to set: slots of its own without another producer, and those that name it.
  void break_pending(int leaver) noexcept;
  void break_slot(Handle at) noexcept;

 private:
  Outcome claim(Handle at) noexcept;
  void announce(Handle at, Phase phase) noexcept;
  void retire(Handle at) noexcept;
  void drop_reference(Slot& slot, std::uint32_t home) noexcept;
  void tell(Handle at) noexcept;
  State sleep(Handle at, Deadline deadline);

  std::vector<std::span<std::byte>> const slabs_;
  std::uint32_t const mine_;
  Patience const patience_;
  Beyond* beyond_ = nullptr;
  std::atomic<bool> stopped_{false};
  std::atomic<int> drivers_{0};
  std::mutex sleeping_mutex_;
  std::list<Slot*> sleeping_;  // slots that threads of this process sleep on
};

template <class Done>
bool Handoff::drive_until(Slot* slot, Deadline deadline, Done const& done) {
  struct Drives {
    explicit Drives(Handoff& handoff) noexcept : self(handoff) {
      self.count_driving(1);
      self.drivers_.fetch_add(1);
    }
    ~Drives() {
      self.drivers_.fetch_sub(1);
      self.count_driving(-1);
    }
    Handoff& self;
  } const drives(*this);
  Rest rest(patience_);
  for (;;) {
    auto const seen = slot ? slot->word.load() : 0;
    if (done() || stopped()) return true;
    if (deadline.expired()) return false;
    auto const motion = beyond_->drive();
    if (motion == Motion::moved) rest.again();
    else if (!rest.briefly(motion == Motion::under_way))
      rest.on(slot ? &slot->word : nullptr, slot ? &slot->sleepers : nullptr, seen, deadline);
  }
}

}  // namespace proxystore::mpi::detail
