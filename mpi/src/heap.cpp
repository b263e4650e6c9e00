#include <proxystore/mpi/detail/heap.hpp>

#include <algorithm>
#include <bit>

namespace proxystore::mpi::detail {

Heap::Heap(std::byte* base) noexcept : base_(base) {
  for (auto& level : heads_) level.fill(none);
}

void Heap::grow(std::size_t bytes) noexcept {
  std::uint64_t const units = bytes / unit;
  if (units < 2) return;
  Header& block = at(units_);
  block = {};
  block.units = units;
  block.before = units_ == 0 ? 0 : at(last_).units;
  last_ = units_;
  units_ += units;
  used_ += units;
  free(reinterpret_cast<std::byte*>(&block) + unit);
}

Heap::Header& Heap::at(std::uint64_t unit_index) const noexcept {
  return *reinterpret_cast<Header*>(base_ + unit_index * unit);
}

std::uint64_t Heap::index_of(Header const& block) const noexcept {
  return static_cast<std::uint64_t>(reinterpret_cast<std::byte const*>(&block) - base_) / unit;
}

/// Level 0 holds each size below `slices` alone; above, each power of two is cut into `slices` classes.
Heap::Class Heap::class_of(std::uint64_t units) noexcept {
  if (units < slices) return {0, static_cast<unsigned>(units)};
  auto const log = static_cast<unsigned>(std::bit_width(units)) - 1;
  return {log - 3, static_cast<unsigned>(units >> (log - 4)) - slices};
}

void Heap::insert(Header& block) noexcept {
  auto const [level, slice] = class_of(block.units);
  auto& head = heads_[level][slice];
  block.free = 1;
  block.prev = none;
  block.next = head;
  if (head != none) at(head).prev = index_of(block);
  head = index_of(block);
  slice_map_[level] |= 1U << slice;
  level_map_ |= std::uint64_t{1} << level;
}

void Heap::remove(Header& block) noexcept {
  auto const [level, slice] = class_of(block.units);
  block.free = 0;
  if (block.next != none) at(block.next).prev = block.prev;
  if (block.prev != none) {
    at(block.prev).next = block.next;
    return;
  }
  heads_[level][slice] = block.next;
  if (block.next != none) return;
  slice_map_[level] &= ~(1U << slice);
  if (slice_map_[level] == 0) level_map_ &= ~(std::uint64_t{1} << level);
}

/// First the classes in which every block is large enough, then the one class where only some are.
Heap::Header* Heap::find(std::uint64_t units) noexcept {
  auto const log = static_cast<unsigned>(std::bit_width(units)) - 1;
  auto const rounded = units < slices ? units : units + (std::uint64_t{1} << (log - 4)) - 1;
  auto [level, slice] = class_of(rounded);
  if (level < levels) {
    auto slices_left = slice_map_[level] & (~0U << slice);
    if (slices_left == 0 && level + 1 < levels) {
      auto const levels_left = level_map_ & (~std::uint64_t{0} << (level + 1));
      if (levels_left != 0) {
        level = static_cast<unsigned>(std::countr_zero(levels_left));
        slices_left = slice_map_[level];
      }
    }
    if (slices_left != 0) return &at(heads_[level][static_cast<unsigned>(std::countr_zero(slices_left))]);
  }
  auto const own = class_of(units);
  for (auto i = heads_[own.level][own.slice]; i != none; i = at(i).next)
    if (at(i).units >= units) return &at(i);
  return nullptr;
}

void Heap::split(Header& block, std::uint64_t units) noexcept {
  if (block.units < units + 2) return;  // no room for a header and data
  auto const index = index_of(block);
  Header& rest = at(index + units);
  rest = {};
  rest.units = block.units - units;
  rest.before = units;
  block.units = units;
  if (auto const after = index + units + rest.units; after < units_) at(after).before = rest.units;
  else last_ = index + units;
  insert(rest);
}

std::byte* Heap::allocate(std::size_t bytes) noexcept {
  if (bytes > capacity()) return nullptr;
  std::uint64_t const units = 1 + std::max<std::uint64_t>(1, (bytes + unit - 1) / unit);
  Header* const block = find(units);
  if (!block) return nullptr;
  remove(*block);
  split(*block, units);
  used_ += block->units;
  return reinterpret_cast<std::byte*>(block) + unit;
}

void Heap::free(std::byte* data) noexcept {
  Header* block = &header_of(data);
  used_ -= block->units;
  if (auto const after = index_of(*block) + block->units; after < units_ && at(after).free) {
    remove(at(after));
    block->units += at(after).units;
  }
  if (block->before != 0 && at(index_of(*block) - block->before).free) {
    Header& front = at(index_of(*block) - block->before);
    remove(front);
    front.units += block->units;
    block = &front;
  }
  if (auto const after = index_of(*block) + block->units; after < units_) at(after).before = block->units;
  else last_ = index_of(*block);
  insert(*block);
}

std::size_t Heap::largest_free() const noexcept {
  if (level_map_ == 0) return 0;
  auto const level = static_cast<unsigned>(std::bit_width(level_map_)) - 1;
  auto const slice = static_cast<unsigned>(std::bit_width(slice_map_[level])) - 1;
  std::uint64_t most = 0;
  for (auto i = heads_[level][slice]; i != none; i = at(i).next) most = std::max(most, at(i).units);
  return (most - 1) * unit;
}

}  // namespace proxystore::mpi::detail
