/// @file
/// Parts of arrays.
#pragma once

#include <optional>

#include <proxystore/array.hpp>

namespace proxystore::mpi {

/// `shape` indices on each axis, from `offset` on.
struct Box {
  Shape offset;  ///< of its first element
  Shape shape;   ///< as many extents

  friend bool operator==(Box const&, Box const&) = default;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(offset, shape);
  }
};

/// Where a rank's block belongs.
struct Placement {
  Shape global_shape;  ///< of the whole array, the same on all ranks; 1 to 32 axes
  Shape offset;        ///< in the whole array, of the block's first element (of its interior, if it has one)
  /// The part of the block that is put, without its ghost layers. Default: all of it.
  std::optional<Box> interior = std::nullopt;
};

}  // namespace proxystore::mpi
