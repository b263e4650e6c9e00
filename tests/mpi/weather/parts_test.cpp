// The parts together, over ranks that are not neighbours: what a home that computes holds up, and what it does not; a
// store on some of the ranks of each node beside one on all.
#include <thread>

#include "../world.hpp"

namespace {

using namespace world;
using Clock = std::chrono::steady_clock;

class Parts : public Ranks {
 protected:
  static constexpr auto computing = 400ms, slack = 100ms;

  void TearDown() override {
    Ranks::TearDown();
    last_of_all_.close();  // serves those who are still leaving, where there are no threads
  }

  /// Without a call of the library or of MPI.
  static void compute() {
    for (auto const end = Clock::now() + computing; Clock::now() < end;) {
    }
  }
  /// Rank 0 makes a future that rank 1 sets and the last rank waits for, while rank 0 computes. How long it waited.
  Clock::duration set_while_the_home_computes(Store& store) {
    auto const future = share(store.future<std::string>(), 0);
    if (rank == last) {
      EXPECT_THROW(future.wait(1ms), Timeout) << "rank 0 knows of it";
    }
    auto const begun = share(store.future<int>(), 0);
    auto const never = store.future<int>();
    meet();
    auto const start = Clock::now();
    if (rank == 0) {
      begun.set_result(1);
      compute();
    }
    if (rank == 1) {
      begun.wait(patience);  // in the memory of the node
      EXPECT_THROW(never.wait(20ms), Timeout);
      future.set_result("from another");
    }
    EXPECT_EQ(future.result(patience), "from another");
    return Clock::now() - start;
  }
  static Store open(MPI_Comm comm, char const* name) {
    return Store::open(name, mpi::rma(comm, {.capacity = 4 * MiB}));
  }

 private:
  Store last_of_all_ = open(MPI_COMM_WORLD, "last of all");
};

}  // namespace

TEST_F(Parts, AreHeldUpByAHomeThatComputesUnlessItHasAThread) {
  auto store = open(MPI_COMM_WORLD, "at home");
  bool const by_thread = store.report().find("progress by a thread") != std::string::npos;
  auto const took = set_while_the_home_computes(store);
  if (rank == 1) {
    EXPECT_LT(took, computing) << "it is the home's neighbour";
  }
  if (rank == last && by_thread) {
    EXPECT_LT(took, computing);
  }
  if (rank == last && !by_thread) {
    EXPECT_GE(took, computing - slack) << "docs/design.md says that it waits";
  }
  meet();
}

TEST_F(Parts, OfSomeRanksOfEachNodeMeetBesideAllOfThem) {
  MPI_Comm comm = MPI_COMM_NULL;
  MPI_Comm_split(MPI_COMM_WORLD, rank % 2, -rank, &comm);
  auto some = open(comm, "some"), all = open(MPI_COMM_WORLD, "all");
  MPI_Comm_free(&comm);
  auto const in_some = gather(some.future<std::vector<int>>());
  auto const in_all = gather(all.future<std::string>());
  in_some[static_cast<std::size_t>(rank)].set_result(std::vector<int>(10'000, rank));
  in_all[static_cast<std::size_t>(rank)].set_result(std::to_string(rank));
  for (int from = 0; from < size; ++from) {
    auto const of = static_cast<std::size_t>(from);
    EXPECT_EQ(in_all[of].result(patience), std::to_string(from));
    if (from % 2 != rank % 2) continue;
    EXPECT_EQ(in_some[of].result(patience).at(9'999), from);
  }
  meet();
}

TEST_F(Parts, ForwardAProxyThroughThreeRanks) {
  auto store = open(MPI_COMM_WORLD, "forwarded");
  auto const future = share(store.future<std::vector<double>>(), 0);
  // 0 -> 1 -> last, each only ever heard of it by the one before.
  auto const first = share(rank == 0 ? future.proxy() : Proxy<std::vector<double>>(), 0);
  auto const second = share(rank == 1 ? first : Proxy<std::vector<double>>(), 1);
  auto const third = share(rank == last ? second : Proxy<std::vector<double>>(), last);
  if (rank == 1) future.set_result(std::vector<double>(100'000, 1.5));
  EXPECT_EQ(third.resolve(patience).at(99'999), 1.5);
  meet();
}
