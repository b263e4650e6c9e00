/// What lies in the shared memory of a node. One slab per rank: this header, then a heap in which the rank that owns
/// the slab alone allocates: pages of slots, and objects.
///
/// A slot's word is `generation << 8 | phase`; a key names home, slot and generation, so that a slot used again is
/// never taken for its former self.
///
///     FREE ─new_key─▶ PENDING ──set──▶ READY ──evict──▶ GONE ─ last view dropped ─▶ FREE (next generation)
///                        │               ▲                ▲
///                        │               │ bytes pulled   │
///                        ├─ set ─▶ ELSEWHERE ───evict─────┤
///                        ├──────────── evict ─────────────┘
///                        └─ home or producer closes ─▶ BROKEN
///
/// ELSEWHERE: set, and the bytes lie on another node; the slot says where. While it is rewritten to say where they
/// are here, it is ARRIVING.
///
/// Setting: whoever turns the claim's `claimed` bit writes the object and then the word. Everything before the word
/// (release) is seen by who reads it (acquire). An evict that finds the claim taken but the word PENDING leaves its
/// `evicted` bit; then both it and the setter try PENDING/READY -> GONE, and one of them wins (compare_exchange).
///
/// Sleeping: a waiter counts itself in `sleepers`, then looks at the word once more and sleeps in the kernel only
/// while it is unchanged. A setter changes the word, then looks at `sleepers`. Both sequentially consistent: one of
/// the two sees the other, so no wake-up is lost, and no system call is made when nobody sleeps. The top bit of
/// `sleepers` is the same for other nodes: whoever settles a slot that is `watched` lets its home tell them.
///
/// An object whose home is on another node has a slot on this one too, its *mirror*, found through the directory:
/// all ranks of the node wait for it and view it there, and one of them asks the home and pulls the bytes.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

namespace proxystore::mpi::detail {

enum class Phase : std::uint8_t { free = 0, pending, ready, elsewhere, arriving, gone, broken };

constexpr unsigned generation_bits = 56;

constexpr std::uint64_t word_of(std::uint64_t generation, Phase phase) noexcept {
  return generation << 8U | static_cast<std::uint64_t>(phase);
}
constexpr std::uint64_t generation_of(std::uint64_t word) noexcept { return word >> 8U; }
constexpr Phase phase_of(std::uint64_t word) noexcept { return static_cast<Phase>(word & 0xffU); }

struct alignas(64) Slot {
  static constexpr std::size_t inline_words = 6;
  static constexpr std::size_t inline_bytes = inline_words * 8;
  static constexpr std::uint64_t claimed = 1, evicted = 2, broken = 4;  // bits of claim, below the generation
  static constexpr std::uint32_t watched = std::uint32_t{1} << 31U;     // bit of sleepers

  // One line holds all that the hand-off of a small object turns: it goes from core to core once.
  std::atomic<std::uint64_t> word;
  std::atomic<std::uint64_t> claim;  // generation << 8 | bits
  std::atomic<std::uint32_t> refs;   // 1 for not being evicted, 1 for each view; 0: may be used again
  std::atomic<std::uint32_t> sleepers;
  std::atomic<std::uint64_t> size;                   // bytes of the object
  std::atomic<std::uint64_t> payload[inline_words];  // the object, or owner rank and offset in the owner's slab
  std::atomic<std::uint64_t> next;                   // in a list of slots to be used again: index + 1; 0: last
  std::atomic<std::int32_t> producer;                // declared, or -1
  std::uint32_t index;                               // constant once the page is there

  // Slots in the directory alone: mirrors, and declared objects. The name is constant while the slot is in it.
  alignas(64) std::atomic<std::uint64_t> chain;  // next in the bucket: rank of the node + 1 << 32 | index; 0: last
  std::uint32_t home, maker;                     // the parts of a Name; home == Name::nobody: not in the directory
  std::uint64_t number, name_generation;
  std::atomic<std::uint32_t> asker;    // rank + 1 that asked the home last; 0: nobody has
  std::atomic<std::uint32_t> known;    // the home has told the asker that it is pending
  std::atomic<std::uint32_t> puller;   // rank + 1 that fetches the bytes; 0: nobody does
  std::atomic<std::uint32_t> verdict;  // GONE because the home says so, not for want of room here
  std::atomic<std::uint32_t> life;           // counts the mirrors of this node: an answer is for one of them
  std::atomic<std::uint32_t> producer_told;  // rank + 1 of the declared producer, as the home says; 0: none
};
static_assert(sizeof(Slot) == 192);

/// What the owner of a slab has waited for since long (see Rings).
struct WaitRecord {
  std::atomic<std::uint64_t> id;  // 0: nothing
  std::atomic<std::uint32_t> producer, home, maker;
  std::atomic<std::uint64_t> number, generation;
  std::atomic<std::uint64_t> doomed;  // id of the wait that is in a ring, which is:
  char ring[984];
};

struct alignas(64) SlabHeader {
  static constexpr std::uint64_t magic_number = 0x70726f7879736c62;  // "proxyslb"
  static constexpr unsigned max_pages = 26;                          // page k has 64 << k slots

  /// A rank's number on its node, and which node that is: 1 + its first rank, so that it never is 0 as a whole.
  struct Place {
    std::uint32_t node_plus_1, number;
    std::uint64_t word() const noexcept { return std::uint64_t{node_plus_1} << 32U | number; }
    static Place from(std::uint64_t word) noexcept {
      return {static_cast<std::uint32_t>(word >> 32U), static_cast<std::uint32_t>(word)};
    }
  };

  std::uint64_t magic;
  std::uint64_t bytes;
  std::uint64_t directory;             // offset of the node's directory; 0 but in the slab of the node's first rank
  std::uint64_t place;                 // of its owner, see Place
  std::atomic<std::uint32_t> driving;  // threads of the owner that move messages now
  std::atomic<std::uint32_t> closed;   // the owner sets nothing any more
  // Given back by other ranks, taken all at once by the owner: a push-only stack has no ABA problem.
  alignas(64) std::atomic<std::uint64_t> freed_slots;       // index + 1
  alignas(64) std::atomic<std::uint64_t> freed_blocks;      // offset of the data
  alignas(64) std::atomic<std::uint64_t> pages[max_pages];  // offset of page k; 0: not there yet
  alignas(64) WaitRecord wait;
};

inline SlabHeader& header_of(std::span<std::byte> slab) noexcept { return *reinterpret_cast<SlabHeader*>(slab.data()); }

}  // namespace proxystore::mpi::detail
