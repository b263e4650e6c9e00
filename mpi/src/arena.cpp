#include "arena.hpp"

#include <sys/mman.h>
#include <unistd.h>
#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>

#include <proxystore/error.hpp>

#include "name.hpp"

namespace proxystore::mpi::detail {
namespace {

constexpr std::uint64_t first_page_slots = 64;
constexpr std::size_t least_growth = std::size_t{4} << 20U;

#ifndef MADV_POPULATE_WRITE
constexpr int MADV_POPULATE_WRITE = 23;  // Linux 5.14
#endif

/// Pages in `memory` are there afterwards; false if the file system has no room for them.
bool commit(std::span<std::byte> memory) noexcept {
  auto const page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  auto const first = reinterpret_cast<std::uintptr_t>(memory.data()) / page * page;
  auto const bytes = reinterpret_cast<std::uintptr_t>(memory.data()) + memory.size() - first;
  if (madvise(reinterpret_cast<void*>(first), bytes, MADV_POPULATE_WRITE) == 0) return true;
  return errno == EINVAL;  // a kernel that cannot tell
}

void push(std::atomic<std::uint64_t>& head, std::uint64_t item, auto&& set_next) noexcept {
  auto next = head.load(std::memory_order_relaxed);
  do set_next(next);
  while (!head.compare_exchange_weak(next, item, std::memory_order_release, std::memory_order_relaxed));
}

std::string mebibytes(std::size_t bytes) {
  auto const tenths = (bytes * 10) >> 20U;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " MiB";
}

}  // namespace

Arena::Arena(std::span<std::byte> slab, bool prefault) : slab_(slab), heap_(slab.data() + sizeof(SlabHeader)) {
  if (!commit(slab_.first(prefault ? slab_.size() : least_bytes)))
    throw StoreFull("shared memory has no room for a slab of " + mebibytes(slab_.size()) +
                    "; open with a smaller rma:?capacity=…, or enlarge /dev/shm");
  committed_ = prefault ? slab_.size() : least_bytes;
  heap_.grow(committed_ - sizeof(SlabHeader));
  std::memset(slab_.data(), 0, sizeof(SlabHeader));  // empty lists; MPI does not promise fresh memory
  header().bytes = slab_.size();
  header().magic = SlabHeader::magic_number;
}

std::byte* Arena::allocate(std::size_t bytes) {
  std::lock_guard lock(mutex_);
  if (auto* block = take(bytes)) return block;
  full(bytes);
}

std::byte* Arena::take(std::size_t bytes) {
  collect_blocks();
  if (auto* block = heap_.allocate(bytes)) return block;
  return grow(bytes) ? heap_.allocate(bytes) : nullptr;
}

/// By at least `bytes` and a header, if the slab has them; rather a quarter of what is in use, to grow seldom.
bool Arena::grow(std::size_t bytes) {
  auto const left = slab_.size() - committed_;
  if (bytes > left) bytes = left;
  auto const step = std::min(left, std::max({bytes + 4 * Heap::unit, least_growth, committed_ / 4}));
  if (step < 2 * Heap::unit || !commit(slab_.subspan(committed_, step))) return false;
  committed_ += step;
  heap_.grow(slab_.data() + committed_ - (slab_.data() + sizeof(SlabHeader) + heap_.capacity()));
  return true;
}

void Arena::free(std::byte* block) {
  std::lock_guard lock(mutex_);
  heap_.free(block);
}

void Arena::collect_blocks() {
  if (header().freed_blocks.load(std::memory_order_relaxed) == 0) return;
  auto offset = header().freed_blocks.exchange(0, std::memory_order_acquire);
  while (offset != 0) {
    auto* const block = slab_.data() + offset;
    offset = Heap::header_of(block).link;
    heap_.free(block);
  }
}

void Arena::collect_slots() {
  auto next = header().freed_slots.exchange(0, std::memory_order_acquire);
  while (next != 0) {
    Slot* const slot = find_slot(slab_, next - 1);
    next = slot->next.load(std::memory_order_relaxed);
    free_slots_.push_back(slot);
  }
}

Slot& Arena::new_slot(int producer) {
  std::lock_guard lock(mutex_);
  if (free_slots_.empty()) collect_slots();
  if (free_slots_.empty()) add_page();
  Slot& slot = *free_slots_.back();
  free_slots_.pop_back();
  auto const generation = generation_of(slot.word.load(std::memory_order_relaxed)) + 1;
  slot.size.store(0, std::memory_order_relaxed);
  slot.producer.store(producer, std::memory_order_relaxed);
  slot.claim.store(generation << 8U, std::memory_order_relaxed);
  slot.refs.store(1, std::memory_order_relaxed);
  slot.home = Name::nobody;
  slot.sleepers.fetch_and(~Slot::watched, std::memory_order_relaxed);  // a waiter of the former life may still count
  slot.word.store(word_of(generation, Phase::pending), std::memory_order_release);
  return slot;
}

void Arena::add_page() {
  auto const count = first_page_slots << pages_;
  if (pages_ == SlabHeader::max_pages) full(0);
  auto* const page = take(count * sizeof(Slot));
  if (!page) full(count * sizeof(Slot));
  std::memset(page, 0, count * sizeof(Slot));  // a slot is trivially made of zeroes: generation 0, free
  auto* const slots = reinterpret_cast<Slot*>(page);
  for (std::uint64_t i = count; i-- > 0;) {
    slots[i].index = static_cast<std::uint32_t>(slots_ + i);
    free_slots_.push_back(&slots[i]);
  }
  slots_ += count;
  header().pages[pages_++].store(offset_of(page), std::memory_order_release);
}

std::size_t Arena::largest_free() const noexcept {
  auto const uncommitted = slab_.size() - committed_;
  return std::max(heap_.largest_free(), uncommitted < 2 * Heap::unit ? 0 : uncommitted - 2 * Heap::unit);
}

void Arena::full(std::size_t wanted) {
  throw StoreFull("no room for " + std::to_string(wanted) + " bytes in this rank's rma memory (capacity " +
                  mebibytes(slab_.size()) + ", in use " + mebibytes(heap_.in_use()) + ", largest free block " +
                  mebibytes(largest_free()) + ") evict what is done with, or open with a larger rma:?capacity=…");
}

Arena::Usage Arena::usage() {
  std::lock_guard lock(mutex_);
  collect_blocks();
  collect_slots();
  return {slab_.size(), heap_.in_use(), largest_free(), slots_, free_slots_.size()};
}

namespace {

bool may_begin_page(std::span<std::byte> slab, unsigned page, std::uint64_t offset) noexcept {
  return offset % alignof(Slot) == 0 && offset <= slab.size() &&
         (first_page_slots << page) <= (slab.size() - offset) / sizeof(Slot);
}

}  // namespace

SlotPlace place_of_slot(std::uint64_t index) noexcept {
  if (index > UINT32_MAX) return {SlabHeader::max_pages, 0};
  // Page k holds the indices from 64 * (2^k - 1) on.
  auto const page = static_cast<unsigned>(std::bit_width(index / first_page_slots + 1)) - 1;
  return {page, index - first_page_slots * ((std::uint64_t{1} << page) - 1)};
}

Slot* find_slot(std::span<std::byte> slab, std::uint64_t index) noexcept {
  auto& header = header_of(slab);
  auto const [page, at] = place_of_slot(index);
  if (page >= SlabHeader::max_pages) return nullptr;
  auto const offset = header.pages[page].load(std::memory_order_acquire);
  if (offset == 0 || !may_begin_page(slab, page, offset)) return nullptr;
  return reinterpret_cast<Slot*>(slab.data() + offset) + at;
}

void throw_if_damaged(std::span<std::byte> slab) {
  auto& header = header_of(slab);
  bool whole = header.magic == SlabHeader::magic_number && header.bytes == slab.size();
  for (unsigned page = 0; page < SlabHeader::max_pages; ++page) {
    auto const offset = header.pages[page].load(std::memory_order_acquire);
    whole = whole && (offset == 0 || may_begin_page(slab, page, offset));
  }
  if (!whole) throw CorruptObject("the header of a slab in shared memory is damaged (something wrote over it)");
}

void give_back_slot(std::span<std::byte> slab, Slot& slot) noexcept {
  auto& header = header_of(slab);
  push(header.freed_slots, std::uint64_t{slot.index} + 1,
       [&](std::uint64_t next) { slot.next.store(next, std::memory_order_relaxed); });
}

void give_back_block(std::span<std::byte> slab, std::uint64_t offset) noexcept {
  auto& header = header_of(slab);
  push(header.freed_blocks, offset, [&](std::uint64_t next) { Heap::header_of(slab.data() + offset).link = next; });
}

}  // namespace proxystore::mpi::detail
