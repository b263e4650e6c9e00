// Who owns which bytes of a slab. No MPI in it.
#include <proxystore/mpi/detail/heap.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace {

using proxystore::mpi::detail::Heap;

constexpr std::size_t unit = Heap::unit;

/// A heap over memory of its own, of which `bytes` are given to it at once.
class HeapOver {
 public:
  explicit HeapOver(std::size_t bytes, std::size_t room = 0) : memory_(std::max(bytes, room) + unit), heap_(aligned()) {
    heap_.grow(bytes);
  }
  Heap* operator->() { return &heap_; }

 private:
  std::byte* aligned() {
    void* at = memory_.data();
    std::size_t space = memory_.size();
    return static_cast<std::byte*>(std::align(unit, space - unit, at, space));
  }
  std::vector<std::byte> memory_;
  Heap heap_;
};

std::vector<std::byte*> allocate_until_full(HeapOver& heap, std::size_t bytes) {
  std::vector<std::byte*> blocks;
  while (auto* block = heap->allocate(bytes)) blocks.push_back(block);
  return blocks;
}

/// Blocks in use, with what was written into them.
class Model {
 public:
  void add(std::byte* data, std::size_t size, std::byte mark) {
    std::fill_n(data, size, mark);
    blocks_[data] = {size, mark};
  }
  /// Takes out the i-th. False if it was written over, or another lies in it.
  bool remove(std::size_t i, std::byte** data) {
    auto const at = std::next(blocks_.begin(), static_cast<std::ptrdiff_t>(i));
    auto const [size, mark] = at->second;
    *data = at->first;
    auto const after = std::next(at);
    bool const apart = after == blocks_.end() || *data + size <= after->first;
    bool const whole = std::all_of(*data, *data + size, [m = mark](std::byte b) { return b == m; });
    blocks_.erase(at);
    return apart && whole;
  }
  std::size_t count() const { return blocks_.size(); }
  std::size_t bytes() const {
    std::size_t sum = 0;
    for (auto const& [data, block] : blocks_) sum += unit + std::max(unit, (block.size + unit - 1) / unit * unit);
    return sum;
  }

 private:
  struct Block {
    std::size_t size;
    std::byte mark;
  };
  std::map<std::byte*, Block> blocks_;
};

}  // namespace

TEST(Heap, GivesAlignedMemory) {
  HeapOver heap(1 << 20U);
  for (std::size_t bytes : {0, 1, 63, 64, 65, 1000, 100'000}) {
    auto* const data = heap->allocate(bytes);
    ASSERT_NE(data, nullptr);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(data) % unit, 0U) << bytes;
  }
}

TEST(Heap, IsFullAtItsEndAndNotBefore) {
  HeapOver heap(100 * 2 * unit);
  EXPECT_EQ(allocate_until_full(heap, unit).size(), 100U);
  EXPECT_EQ(heap->in_use(), heap->capacity());
  EXPECT_EQ(heap->largest_free(), 0U);
}

TEST(Heap, GivesAllOfItselfAsOneBlockWhateverItsSize) {
  for (std::size_t units = 2; units < 600; ++units) {
    HeapOver heap(units * unit);
    ASSERT_EQ(heap->largest_free(), (units - 1) * unit);
    ASSERT_EQ(heap->allocate(heap->largest_free() + 1), nullptr) << units;
    ASSERT_NE(heap->allocate(heap->largest_free()), nullptr) << units;
  }
}

TEST(Heap, RefusesSizesBeyondAllMemory) {
  HeapOver heap(1 << 16U);
  constexpr auto most = std::numeric_limits<std::size_t>::max();
  for (std::size_t bytes : {std::size_t{1} << 16U, most / 2, most - unit, most})
    EXPECT_EQ(heap->allocate(bytes), nullptr);
  EXPECT_EQ(HeapOver(0)->allocate(1), nullptr);
}

TEST(Heap, JoinsFreedNeighboursInWhateverOrder) {
  std::mt19937 random(7);
  for (auto const order : {0, 1, 2}) {
    HeapOver heap(1 << 18U);
    auto const whole = heap->largest_free();
    auto blocks = allocate_until_full(heap, 500);
    if (order == 1) std::reverse(blocks.begin(), blocks.end());
    if (order == 2) std::shuffle(blocks.begin(), blocks.end(), random);
    for (auto* block : blocks) heap->free(block);
    EXPECT_EQ(heap->in_use(), 0U);
    EXPECT_EQ(heap->largest_free(), whole) << order;
  }
}

TEST(Heap, ReusesAHoleBetweenBlocksInUse) {
  HeapOver heap(1 << 16U);
  auto const blocks = allocate_until_full(heap, 1000);
  heap->free(blocks[3]);
  heap->free(blocks[5]);
  EXPECT_EQ(heap->allocate(2000), nullptr);
  heap->free(blocks[4]);
  EXPECT_EQ(heap->allocate(3000), blocks[3]);
}

TEST(Heap, GrowsByWhatFollows) {
  HeapOver heap(1 << 12U, 1 << 14U);
  auto* const early = heap->allocate(heap->largest_free());
  EXPECT_EQ(heap->allocate(1), nullptr);
  heap->grow((1 << 13U) + unit - 1);  // rounded down
  EXPECT_EQ(heap->capacity(), 3U << 12U);
  EXPECT_EQ(heap->largest_free(), (1U << 13U) - unit);
  heap->grow(unit);  // too small for a block
  EXPECT_EQ(heap->capacity(), 3U << 12U);
  heap->free(early);
  EXPECT_EQ(heap->largest_free(), (3U << 12U) - unit) << "joined across the seam";
  heap->grow(1 << 12U);
  EXPECT_EQ(heap->largest_free(), (1U << 14U) - unit) << "joined with the free end";
}

TEST(Heap, KeepsItsPromisesOverARandomSchedule) {
  std::mt19937 random(20'240'229);  // fixed: a failure can be repeated
  constexpr std::size_t bytes = 1 << 20U;
  HeapOver heap(bytes / 4, bytes);
  Model model;
  int refused = 0;
  for (int step = 0; step < 40'000; ++step) {
    if (step % 10'000 == 9'999 && heap->capacity() < bytes) heap->grow(bytes / 4);
    if (model.count() == 0 || random() % 100 < 52) {
      std::size_t const size = random() % (std::size_t{1} << (random() % 16));
      auto const promised = heap->largest_free();
      auto* const data = heap->allocate(size);
      ASSERT_EQ(data != nullptr, size <= promised && promised != 0) << step;
      if (data) model.add(data, size, static_cast<std::byte>(step));
      else ++refused;
    } else {
      std::byte* data = nullptr;
      ASSERT_TRUE(model.remove(random() % model.count(), &data)) << step;
      heap->free(data);
    }
    ASSERT_GE(heap->in_use(), model.bytes());
    ASSERT_LE(heap->in_use(), model.bytes() + model.count() * unit) << "more than a unit lost for a block";
  }
  EXPECT_GT(refused, 0) << "the schedule never filled the heap";
  for (std::byte* data = nullptr; model.count() != 0; heap->free(data)) ASSERT_TRUE(model.remove(0, &data));
  EXPECT_EQ(heap->in_use(), 0U);
  EXPECT_EQ(heap->largest_free(), bytes - unit);
}
