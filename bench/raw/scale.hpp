#pragma once

#include <mpi.h>

#include <vector>

namespace raw {

/// Until rank 0 knows that all have what it told them.
inline void gather_up() {
  int one = 1, all = 0;
  MPI_Reduce(&one, &all, 1, MPI_INT, MPI_SUM, 0, MPI_COMM_WORLD);
}

inline void broadcast(std::vector<char>& data) {
  MPI_Bcast(data.data(), static_cast<int>(data.size()), MPI_CHAR, 0, MPI_COMM_WORLD);
  gather_up();
}

}  // namespace raw
