/// What ranks tell each other of a collective array.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include <proxystore/array.hpp>
#include <proxystore/buffer.hpp>
#include <proxystore/key.hpp>
#include <proxystore/mpi/box.hpp>

namespace proxystore::mpi::detail {

/// One block in the store: an object that holds an array, and which of its elements are whose.
struct Piece {
  Key object;
  Shape block;   ///< of the array in the object
  Shape inside;  ///< where in it the interior begins
  Box box;       ///< the interior, in the whole array

  template <class Archive>
  void serialize(Archive& archive) {
    archive(object, block, inside, box);
  }
};

/// What the future of a collective array becomes: where its elements lie.
struct Layout {
  char kind = 'V';  ///< of npy::Dtype
  std::uint64_t element_size = 0;
  Shape shape;
  std::string file, dataset;  ///< of HDF5; empty: in `pieces`
  std::vector<Piece> pieces;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(kind, element_size, shape, file, dataset, pieces);
  }
};

struct FileOptions {
  std::string directory, name;
};

/// One rank's part of a put.
struct Block {
  npy::Dtype dtype{'V', 0};
  Shape shape;
  std::span<std::byte const> data;
  Placement where;
  std::function<Buffer(Allocator&)> encode;  ///< called once at most, if the blocks stay in the store
  std::exception_ptr error;                  ///< why there is no block
};

}  // namespace proxystore::mpi::detail
