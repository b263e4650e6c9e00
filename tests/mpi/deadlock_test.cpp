// Ranks that wait for each other in a ring all get a DeadlockError that tells the ring; others are left in peace.
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>
#include <thread>

#include "world.hpp"

namespace {

using namespace world;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr auto check = 50ms;  // a ring is found at the second look, and told at one of the next

/// Keeps all cores of the machine busy, twice over.
class Busy {
 public:
  Busy() {
    for (unsigned i = 0; i < 2 * std::thread::hardware_concurrency(); ++i) {
      auto const id = fork();
      if (id == 0) burn();
      if (id > 0) processes_.push_back(id);
    }
  }
  ~Busy() {
    for (auto const id : processes_) kill(id, SIGKILL);
    for (auto const id : processes_) waitpid(id, nullptr, 0);
  }
  Busy(Busy const&) = delete;
  Busy& operator=(Busy const&) = delete;

 private:
  [[noreturn]] static void burn() {  // gone with its parent, and after a minute
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    alarm(60);
    for (bool volatile on = true; on;) continue;
    _exit(0);
  }
  std::vector<pid_t> processes_;
};

class Deadlocks : public Ranks {
 protected:
  /// A future that `producer` is to set, which `maker` makes and all ranks hold.
  Future<int> promised(int maker, int producer) {
    return share(rank == maker ? store.future<int>({.producer = producer}) : Future<int>(), maker);
  }
  /// For each rank a future that it is to set, made by the rank before it.
  std::vector<Future<int>> one_of_each() {
    std::vector<Future<int>> all;
    for (int producer = 0; producer < size; ++producer) all.push_back(promised((producer + size - 1) % size, producer));
    return all;
  }
  static std::string waits(int rank, Future<int> const& future, int producer) {
    return "rank " + std::to_string(rank) + " for '" + future.key().text() + "' of rank " + std::to_string(producer);
  }

  Store store = Store::open("deadlocks", mpi::rma(MPI_COMM_WORLD, {.capacity = 2 * MiB}), {.deadlock_check = check});
};

TEST_F(Deadlocks, EndWhereAllRanksWaitForTheirNeighbour) {
  auto const futures = one_of_each();
  auto const next = (rank + 1) % size;
  auto const text = error_of<DeadlockError>([&] { (void)futures[static_cast<std::size_t>(next)].result(patience); });
  EXPECT_THAT(text, AllOf(HasSubstr("made at deadlock_test.cpp:"), HasSubstr("in store 'deadlocks'"),
                          HasSubstr("these wait for each other: " +
                                    waits(0, futures[static_cast<std::size_t>(1 % size)], 1 % size))));
  EXPECT_EQ(share(text.substr(text.find("these wait")), 0), text.substr(text.find("these wait"))) << "all get the same";
  meet();
  futures[static_cast<std::size_t>(rank)].set_result(rank);
  EXPECT_EQ(futures[static_cast<std::size_t>(next)].result(patience), next) << "they can go on";
}

TEST_F(Deadlocks, AreToldToAllAlthoughTheFirstThatKnowLeave) {
  auto const next = (rank + 1) % size;
  auto leaving =
      std::optional(Store::open("leaving", mpi::rma(MPI_COMM_WORLD, {.capacity = 2 * MiB}), {.deadlock_check = check}));
  auto const futures = gather(leaving->future<int>({.producer = next}));
  EXPECT_THROW(futures[static_cast<std::size_t>(rank)].wait(patience), DeadlockError);
  leaving.reset();
}

TEST_F(Deadlocks, AreSeenWhereTheMachineIsBusy) {
  auto const futures = one_of_each();
  std::optional<Busy> busy;
  if (rank == 0) busy.emplace();
  for (int round = 0; round < 3; ++round)
    EXPECT_THROW(futures[static_cast<std::size_t>((rank + 1) % size)].wait(patience), DeadlockError) << round;
  meet();
}

TEST_F(Deadlocks, EndAWaitForOneself) {
  auto const futures = one_of_each();
  auto const& mine = futures[static_cast<std::size_t>(rank)];
  EXPECT_THAT(error_of<DeadlockError>([&] { mine.wait(patience); }), HasSubstr(waits(rank, mine, rank)));
}

TEST_F(Deadlocks, LeaveInPeaceWhoOnlyWaitsForOneInTheRing) {
  if (size < 3) GTEST_SKIP() << "needs three ranks";
  auto const futures = one_of_each();
  auto const caught = gather(store.future<bool>());
  // 1 and 2 wait for each other, all others for 1.
  auto const wanted = rank == 1 ? 2 : 1;
  auto const& future = futures[static_cast<std::size_t>(wanted)];
  if (rank == 1 || rank == 2) {
    EXPECT_THAT(error_of<DeadlockError>([&] { future.wait(patience); }),
                AllOf(HasSubstr("rank 1 for"), HasSubstr("rank 2 for"), Not(HasSubstr("rank 0"))));
    caught[static_cast<std::size_t>(rank)].set_result(true);
    caught[static_cast<std::size_t>(wanted)].wait(patience);
    futures[static_cast<std::size_t>(rank)].set_result(rank);
  } else {
    EXPECT_EQ(future.result(patience), 1);
  }
}

TEST_F(Deadlocks, AreNotSeenWhereAProducerComputes) {
  auto const futures = one_of_each();
  if (rank == last) {
    for (Deadline const until(8 * check); !until.expired();) continue;
    futures[static_cast<std::size_t>(rank)].set_result(rank);
  } else {  // a chain that ends at the last rank
    EXPECT_EQ(futures[static_cast<std::size_t>(rank + 1)].result(patience), rank + 1);
    futures[static_cast<std::size_t>(rank)].set_result(rank);
  }
}

TEST_F(Deadlocks, AreNotSeenWhereAnotherThreadMaySetIt) {
  auto const futures = one_of_each();
  auto const go = store.future<bool>();
  std::jthread setter([&] {
    EXPECT_THROW(go.wait(8 * check), Timeout);
    futures[static_cast<std::size_t>(rank)].set_result(rank);
  });
  auto const next = (rank + 1) % size;
  EXPECT_EQ(futures[static_cast<std::size_t>(next)].result(patience), next);
}

TEST_F(Deadlocks, AreNotSeenWhereAThreadOfTheProgramComputes) {
  auto const futures = one_of_each();
  std::jthread computes([&] {
    for (Deadline const until(8 * check); !until.expired();) continue;
    futures[static_cast<std::size_t>(rank)].set_result(rank);
  });
  auto const next = (rank + 1) % size;
  EXPECT_EQ(futures[static_cast<std::size_t>(next)].result(patience), next);
}

TEST_F(Deadlocks, AreNotSeenWithoutDeclaredProducers) {
  auto const futures = gather(store.future<int>());
  EXPECT_THROW(futures[static_cast<std::size_t>((rank + 1) % size)].wait(8 * check), Timeout);
}

TEST_F(Deadlocks, AreNotSeenInShortWaits) {
  auto const futures = one_of_each();
  for (int i = 0; i < 12; ++i) EXPECT_THROW(futures[static_cast<std::size_t>((rank + 1) % size)].wait(check), Timeout);
}

TEST_F(Deadlocks, CanBeSwitchedOff) {
  Store blind = Store::open("blind", mpi::rma(MPI_COMM_WORLD, {.capacity = 2 * MiB}), {.deadlock_check = 0s});
  auto const futures = gather(blind.future<int>({.producer = (rank + 1) % size}));
  EXPECT_THROW(futures[static_cast<std::size_t>(rank)].wait(8 * check), Timeout);
  meet();
}

}  // namespace
