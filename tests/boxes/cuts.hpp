/// Arrays cut into boxes in every way, and what stands in them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

#include <proxystore/array.hpp>
#include <proxystore/mpi/box.hpp>

namespace cuts {

using proxystore::Shape;
using proxystore::mpi::Box;
using Cell = std::int64_t;
using Random = std::mt19937_64;

inline std::size_t below(std::size_t n, Random& random) {
  return std::uniform_int_distribution<std::size_t>(0, n - 1)(random);
}

/// Each cell of the whole array is its own number in C order, and the salt of its array.
inline Cell cell_of(Shape const& shape, Shape const& index, Cell salt) {
  Cell number = 0;
  for (std::size_t axis = 0; axis < shape.size(); ++axis)
    number = number * static_cast<Cell>(shape[axis]) + static_cast<Cell>(index[axis]);
  return number + salt;
}

/// Calls `visit` with each index below `shape`, in C order.
template <class Visit>
void for_each_index(Shape const& shape, Visit const& visit) {
  for (auto const extent : shape)
    if (extent == 0) return;
  Shape index(shape.size(), 0);
  for (;;) {
    visit(std::as_const(index));
    std::size_t axis = shape.size();
    while (axis > 0 && ++index[axis - 1] == shape[axis - 1]) index[--axis] = 0;
    if (axis == 0) return;
  }
}

inline Shape sum(Shape a, Shape const& b) {
  for (std::size_t axis = 0; axis < a.size(); ++axis) a[axis] += b[axis];
  return a;
}

inline bool has(Box const& box, Shape const& index) {
  for (std::size_t axis = 0; axis < index.size(); ++axis)
    if (index[axis] < box.offset[axis] || index[axis] >= box.offset[axis] + box.shape[axis]) return false;
  return true;
}

inline Shape random_shape(Random& random) {
  Shape shape(1 + below(4, random));
  for (auto& extent : shape) extent = below(20, random) == 0 ? 0 : 1 + below(11, random);
  return shape;
}

/// Cuts at random places of random axes, so that blocks are uneven and some are empty.
inline std::vector<Box> random_parts(Shape const& shape, std::size_t count, Random& random) {
  std::vector<Box> parts{{Shape(shape.size(), 0), shape}};
  while (parts.size() < count) {
    auto& lower = parts[below(parts.size(), random)];
    auto const axis = below(shape.size(), random);
    auto const cut = below(lower.shape[axis] + 1, random);
    Box upper = lower;
    upper.offset[axis] += cut;
    upper.shape[axis] -= cut;
    lower.shape[axis] = cut;
    parts.push_back(std::move(upper));
  }
  std::shuffle(parts.begin(), parts.end(), random);
  return parts;
}

inline Box random_region(Shape const& shape, Random& random) {
  Box box{Shape(shape.size()), Shape(shape.size())};
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    box.offset[axis] = below(shape[axis] + 1, random);
    box.shape[axis] = below(shape[axis] - box.offset[axis] + 1, random);
  }
  return box;
}

}  // namespace cuts
