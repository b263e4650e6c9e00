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

#include "patience.hpp"
#include "slot.hpp"

namespace proxystore::mpi::detail {

/// A slot that a key names, and where the slot lies.
struct Handle {
  Slot* slot;
  std::uint32_t home;
  std::uint64_t generation;
};

/// Publishing, waiting, viewing and evicting through slots in the shared memory of a node: the protocol drawn in
/// slot.hpp, and nothing else. Calls no MPI. Thread-safe.
class Handoff {
 public:
  Handoff(std::vector<std::span<std::byte>> slabs, Patience patience)
      : slabs_(std::move(slabs)), patience_(patience) {}

  enum class Outcome { done, already_set, gone, broken };

  /// Small objects (at most Slot::inline_bytes) are copied into the slot.
  Outcome publish_inline(Handle at, std::span<std::byte const> object);
  /// The object lies in slab `owner` at `offset`. Unless done, it stays the caller's.
  Outcome publish_block(Handle at, std::uint32_t owner, std::uint64_t offset, std::uint64_t size);
  /// What a publish would come to now, to spare the work of preparing one.
  static Outcome look(Handle at) noexcept;

  State wait(Handle at, Deadline deadline);
  /// Ends all waits of this process with State::broken, now and later.
  void stop_waiting() noexcept;

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

 private:
  Outcome claim(Handle at) noexcept;
  void announce(Handle at) noexcept;
  void break_slot(Handle at) noexcept;
  void retire(Handle at) noexcept;
  void drop_reference(Slot& slot, std::uint32_t home) noexcept;
  static void wake(Slot& slot) noexcept;
  static State state_of(Handle at) noexcept;

  std::vector<std::span<std::byte>> const slabs_;
  Patience const patience_;
  std::atomic<bool> stopped_{false};
  std::mutex sleeping_mutex_;
  std::list<Slot*> sleeping_;  // slots that threads of this process sleep on
};

}  // namespace proxystore::mpi::detail
