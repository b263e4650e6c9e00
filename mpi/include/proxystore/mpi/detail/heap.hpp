#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <proxystore/export.hpp>

namespace proxystore::mpi::detail {

/// Who owns which bytes of one span of memory; knows nothing of MPI. Two-level segregated fit (Masmano et al.,
/// "TLSF: a new dynamic memory allocator for real-time systems", 2004): allocate and free in constant time,
/// neighbours are joined at once. Every block has a header of 64 bytes in front of its data, in the memory itself,
/// linked by offsets. Not thread-safe; one process only, except for the header's `link`.
class PROXYSTORE_EXPORT Heap {
 public:
  static constexpr std::size_t unit = 64;  ///< granularity, alignment of data, and size of a header

  /// What lies in front of every block's data.
  struct alignas(unit) Header {
    std::uint64_t units;       // of header and data together
    std::uint64_t before;      // units of the block in front of this one; 0: none
    std::uint64_t next, prev;  // in the list of free blocks of this class
    std::uint64_t link;        // free for use by whoever holds the block
    std::uint64_t free;
  };
  static_assert(sizeof(Header) == unit);

  /// An empty heap that can grow from `base` on. REQUIRES: base is 64-byte aligned
  explicit Heap(std::byte* base) noexcept;

  /// Adds the `bytes` that follow, rounded down to units. Less than two units: ignored.
  void grow(std::size_t bytes) noexcept;

  /// 64-byte aligned, or null when no free block is large enough.
  std::byte* allocate(std::size_t bytes) noexcept;
  /// REQUIRES: data came from allocate() and was not freed since
  void free(std::byte* data) noexcept;

  static Header& header_of(std::byte* data) noexcept { return *reinterpret_cast<Header*>(data - unit); }

  std::size_t capacity() const noexcept { return units_ * unit; }
  std::size_t in_use() const noexcept { return used_ * unit; }  ///< headers included
  /// Bytes that one allocate() could still give.
  std::size_t largest_free() const noexcept;

 private:
  static constexpr unsigned slices = 16;   // classes per power of two
  static constexpr unsigned levels = 48;
  struct Class {
    unsigned level, slice;
  };
  static constexpr std::uint64_t none = ~std::uint64_t{0};

  static Class class_of(std::uint64_t units) noexcept;
  Header& at(std::uint64_t unit_index) const noexcept;
  std::uint64_t index_of(Header const& block) const noexcept;
  void insert(Header& block) noexcept;
  void remove(Header& block) noexcept;
  Header* find(std::uint64_t units) noexcept;
  void split(Header& block, std::uint64_t units) noexcept;

  std::byte* base_;
  std::uint64_t units_ = 0;
  std::uint64_t last_ = 0;  // the block at the end
  std::uint64_t used_ = 0;
  std::uint64_t level_map_ = 0;
  std::array<std::uint32_t, levels> slice_map_{};
  std::array<std::array<std::uint64_t, slices>, levels> heads_;
};

}  // namespace proxystore::mpi::detail
