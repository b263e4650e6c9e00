#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include <proxystore/mpi/detail/heap.hpp>

#include "slot.hpp"

namespace proxystore::mpi::detail {

/// The slab of this rank: who owns which bytes and slots of it. Memory is committed as it is used, so that a full
/// shared-memory file system is an error here and not a SIGBUS at a later write. Thread-safe.
class Arena {
 public:
  /// REQUIRES: slab has at least `least_bytes`, is 64-byte aligned, and nobody looks into it yet.
  /// Throws StoreFull.
  explicit Arena(std::span<std::byte> slab, bool prefault);

  static constexpr std::size_t least_bytes = std::size_t{1} << 20U;

  /// 64-byte aligned. Throws StoreFull with capacity, use and largest free block.
  std::byte* allocate(std::size_t bytes);
  void free(std::byte* block);
  /// Pending, of a new generation, with one reference. Throws StoreFull.
  Slot& new_slot(int producer);

  std::uint64_t offset_of(std::byte const* block) const noexcept {
    return static_cast<std::uint64_t>(block - slab_.data());
  }
  bool owns(void const* memory) const noexcept {
    return memory >= slab_.data() && memory < slab_.data() + slab_.size();
  }

  struct Usage {
    std::size_t capacity, in_use, largest_free, slots, free_slots;
  };
  Usage usage();

 private:
  SlabHeader& header() const noexcept { return header_of(slab_); }
  bool grow(std::size_t bytes);
  std::byte* take(std::size_t bytes);
  void collect_blocks();
  void collect_slots();
  void add_page();
  std::size_t largest_free() const noexcept;
  [[noreturn]] void full(std::size_t wanted);

  std::span<std::byte> const slab_;
  std::mutex mutex_;
  Heap heap_;
  std::size_t committed_ = 0;  // bytes of the slab, from its beginning
  std::vector<Slot*> free_slots_;
  std::size_t slots_ = 0;
  unsigned pages_ = 0;
};

/// Where slot `index` lies: as the `at`-th of a page. Page SlabHeader::max_pages: nowhere.
struct SlotPlace {
  unsigned page;
  std::uint64_t at;
};
SlotPlace place_of_slot(std::uint64_t index) noexcept;

/// Slot `index` of the slab, or null if there is none, or if the header is damaged where it says where it is.
Slot* find_slot(std::span<std::byte> slab, std::uint64_t index) noexcept;

/// Throws CorruptObject if something wrote over the header of a slab: for who did not find a slot.
void throw_if_damaged(std::span<std::byte> slab);

/// Give a slot or a block back to the slab that it lies in, from any rank of the node.
void give_back_slot(std::span<std::byte> slab, Slot& slot) noexcept;
void give_back_block(std::span<std::byte> slab, std::uint64_t offset) noexcept;

}  // namespace proxystore::mpi::detail
