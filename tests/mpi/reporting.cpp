// Fails on its last rank, on purpose: CMakeLists.txt looks for what the run then prints.
#include <mpi.h>

#include <gtest/gtest.h>

TEST(Reporting, FailsOnTheLastRank) {
  int rank = 0;
  int size = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  EXPECT_NE(rank, size - 1) << "as it should";
}
