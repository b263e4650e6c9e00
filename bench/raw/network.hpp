/// What ranks on two nodes do without the library.
#pragma once

#include <mpi.h>

#include <cstdint>
#include <vector>

namespace raw {

/// 8 bytes between ranks 0 and 1, there and back.
inline void ping_pong(int rank, int times) {
  std::int64_t value = 1;
  for (int i = 0; rank < 2 && i < times; ++i) {
    if (rank == 0) MPI_Send(&value, 1, MPI_INT64_T, 1, 0, MPI_COMM_WORLD);
    MPI_Recv(&value, 1, MPI_INT64_T, 1 - rank, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    if (rank == 1) MPI_Send(&value, 1, MPI_INT64_T, 0, 0, MPI_COMM_WORLD);
  }
}

/// Rank 0's values to rank 1, and 8 bytes back.
inline void send(int rank, std::vector<double>& values) {
  std::int64_t answer = 0;
  auto const count = static_cast<int>(values.size());
  if (rank == 0) {
    MPI_Send(values.data(), count, MPI_DOUBLE, 1, 0, MPI_COMM_WORLD);
    MPI_Recv(&answer, 1, MPI_INT64_T, 1, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  } else if (rank == 1) {
    MPI_Recv(values.data(), count, MPI_DOUBLE, 0, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    MPI_Send(&answer, 1, MPI_INT64_T, 0, 0, MPI_COMM_WORLD);
  }
}

}  // namespace raw
