/// What a program does by hand in place of collective arrays: one HDF5 file written by all ranks, and blocks cut
/// another way by MPI_Alltoallv. Arrays of three axes of doubles, in C order.
#pragma once

#include <mpi.h>

#include <array>
#include <cstddef>
#include <string>
#include <vector>

namespace raw {

struct Box {
  std::array<std::size_t, 3> offset, shape;
  std::size_t volume() const { return shape[0] * shape[1] * shape[2]; }
};

/// Collective: `mine` is this rank's box of the array of `shape`, its elements in `block`.
void write_collectively(MPI_Comm comm, std::string const& path, std::array<std::size_t, 3> const& shape,
                        Box const& mine, double const* block);

/// From one decomposition to another. Knows both, as such programs do, and keeps its buffers.
class Redistribution {
 public:
  Redistribution(MPI_Comm comm, std::vector<Box> from, std::vector<Box> to);
  /// Collective.
  void run(double const* block, double* region);

 private:
  MPI_Comm comm_;
  Box mine_, wanted_;
  std::vector<Box> sent_, received_;  // by rank
  std::vector<int> send_counts_, send_begins_, receive_counts_, receive_begins_;
  std::vector<double> packed_, arrived_;
};

}  // namespace raw
