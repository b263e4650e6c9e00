// The ground that the other tests of this folder stand on.
#include <mpi.h>

#include <gtest/gtest.h>

TEST(Launch, GivesEveryRankAPlaceInOneWorld) {
  int rank = -1;
  int sum = 0;
  int size = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  EXPECT_EQ(sum, size * (size - 1) / 2);
}

TEST(Launch, ProvidesThreads) {
  int provided = -1;
  MPI_Query_thread(&provided);
  EXPECT_EQ(provided, MPI_THREAD_MULTIPLE);
}
