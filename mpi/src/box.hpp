/// Boxes of indices, and copies between arrays in C order; knows nothing of MPI.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include <proxystore/connector.hpp>
#include <proxystore/mpi/box.hpp>

namespace proxystore::mpi::detail {

inline constexpr std::size_t most_axes = 32;  // H5S_MAX_RANK

/// As many axes, and no index outside.
bool within(Box const& box, Shape const& shape) noexcept;

/// REQUIRES: within some shape whose count() does not overflow
std::size_t volume(Box const& box) noexcept;
inline bool empty(Box const& box) noexcept { return volume(box) == 0; }

/// What both have; nullopt if that is nothing. REQUIRES: as many axes
std::optional<Box> meet(Box const& a, Box const& b);

/// Where `box` lies, seen from `origin`. REQUIRES: nothing of it lies before
Shape from(Shape const& origin, Shape const& offset);

/// Where in an array of `shape` the element at `offset` lies, counted in elements.
std::size_t index_of(Shape const& shape, Shape const& offset) noexcept;

/// All elements of `box` follow each other in an array of `shape`. REQUIRES: within it
bool is_contiguous(Box const& box, Shape const& shape) noexcept;

/// Where the elements of `box` lie in an array of `shape` whose bytes begin at `prefix` of their object; without the
/// key. Throws InvalidArgument where the array is too large for this machine. REQUIRES: within it, not empty
ObjectPart part_of(Box const& box, Shape const& shape, std::size_t element, std::size_t prefix);

/// Copies `extent` elements on each axis between two arrays. REQUIRES: they are within both; the memory does not
/// overlap
struct Copy {
  std::span<std::byte const> source;
  Shape const& source_shape;
  Shape const& source_offset;
  std::span<std::byte> target;
  Shape const& target_shape;
  Shape const& target_offset;
};
void copy(Copy const& arrays, Shape const& extent, std::size_t element);

/// "[2:5, 0:8]", as Python has it.
std::string to_string(Box const& box);
/// "5 x 8"
std::string to_string(Shape const& shape);

}  // namespace proxystore::mpi::detail
