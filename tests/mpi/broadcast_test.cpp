// A value of one rank on all of them; errors of one are errors of all; stores are served meanwhile.
#include <stdexcept>
#include <string>
#include <vector>

#include "world.hpp"

namespace {

using namespace world;
using Broadcast = RanksWithStore;

TEST_F(Broadcast, TellsFuturesOfOneRankToAll) {
  std::vector<Future<std::string>> futures;
  for (int r = 0; rank == last && r < size; ++r) futures.push_back(store.future<std::string>({.producer = r}));
  futures = mpi::broadcast(MPI_COMM_WORLD, last, futures);
  ASSERT_EQ(futures.size(), static_cast<std::size_t>(size));
  futures[static_cast<std::size_t>(rank)].set_result("rank " + std::to_string(rank));
  for (int r = 0; r < size; ++r)
    EXPECT_EQ(futures[static_cast<std::size_t>(r)].result(patience), "rank " + std::to_string(r));
}

/// At any thread level: a rank that is here already answers one that waits for its object first.
TEST_F(Broadcast, ServesThoseWhoAreStillToCome) {
  Proxy<std::vector<double>> proxy;
  if (rank == 0) proxy = store.proxy(std::vector<double>(100'000, 1.5));
  proxy = mpi::broadcast(MPI_COMM_WORLD, 0, proxy);
  if (rank != 0) {
    EXPECT_EQ(proxy.resolve(patience).at(99'999), 1.5);
  }
  EXPECT_EQ(mpi::broadcast(MPI_COMM_WORLD, last, rank), last);
}

TEST_F(Broadcast, FailsOnAllRanksIfTheRootFails) {
  auto const fails = []() -> Bytes { throw std::runtime_error("nothing to tell"); };
  auto const told = [&] { return mpi::broadcast_bytes(MPI_COMM_WORLD, 0, fails); };
  EXPECT_THAT(error_of<std::runtime_error>(told), HasSubstr("nothing to tell"));
  EXPECT_THROW((void)mpi::broadcast(MPI_COMM_WORLD, size, 1), InvalidArgument);
  EXPECT_THROW((void)mpi::broadcast(MPI_COMM_WORLD, -1, 1), InvalidArgument);
}

TEST_F(Broadcast, TakesEmptyValuesAndLargeOnes) {
  EXPECT_TRUE(mpi::broadcast(MPI_COMM_WORLD, 0, std::string()).empty());
  auto const large = mpi::broadcast(MPI_COMM_WORLD, last, std::string(rank == last ? 3'000'000 : 0, 'x'));
  EXPECT_EQ(large.size(), 3'000'000U);
}

}  // namespace
