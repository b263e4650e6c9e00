// Waiters cost no core, and none is forgotten, with a core for each rank and without.
#include <ctime>
#include <latch>
#include <optional>
#include <random>
#include <thread>

#include "world.hpp"

namespace {

using namespace world;

/// Processor time that this thread takes for `work`.
std::chrono::nanoseconds thread_time(auto const& work) {
  auto const now = [] {
    std::timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
  };
  auto const before = now();
  work();
  return now() - before;
}

class Waiting : public RanksWithStore {
 protected:
  /// One of two who hand a turn to and fro. Each turn is an object whose text is the key of the answer. The players
  /// work a little in between, so that the other one is now awake, now about to sleep, now asleep.
  void play(Key const& first, bool begins, int turns) {
    std::minstd_rand random(begins ? 1 : 2);
    auto longest = Deadline::Clock::duration(0);
    Key answer = first;
    for (int turn = 0; turn < turns; ++turn) {
      if (begins || turn != 0) {
        auto const worked = Deadline::Clock::now() + std::chrono::microseconds(random() % 4 == 0 ? random() % 200 : 0);
        while (Deadline::Clock::now() < worked) continue;
        Key const next = connector.new_key({});
        connector.set(answer, Buffer::copy_of(std::as_bytes(std::span(next.text()))));
        answer = next;
      }
      if (!begins || turn != turns - 1) {
        auto const start = Deadline::Clock::now();
        ASSERT_EQ(connector.wait(answer, patience), State::ready) << turn;
        longest = std::max(longest, Deadline::Clock::now() - start);
        Key const read = answer;
        answer = Key(std::string(connector.get(read).value().text()));
        connector.evict(read);
      }
    }
    EXPECT_LT(longest, patience / 2) << "a wake-up was lost; only the deadline found what was set";
  }
};

}  // namespace

TEST_F(Waiting, CostsNoCore) {
  constexpr auto time = 2s;
  auto const never_set = store.future<int>();
  auto const used = thread_time([&] { EXPECT_THROW(never_set.wait(time), Timeout); });
  // Between nodes a waiter has to look for messages. What that costs depends on the MPI, and on how busy the machine
  // is: the measure is a look each millisecond without the library.
  auto const looks = thread_time([&] {
    for (Deadline const until(time); !until.expired(); std::this_thread::sleep_for(1ms)) {
      int here = 0;
      MPI_Iprobe(MPI_ANY_SOURCE, 0, MPI_COMM_WORLD, &here, MPI_STATUS_IGNORE);
    }
  });
  bool const looks_for_messages = store.report().find("network:") != std::string::npos;
  EXPECT_LT(used, looks_for_messages ? std::max<std::chrono::nanoseconds>(40ms, 2 * looks) : 40ms)
      << "2 % of the wait; bare looks took " << looks.count() << " ns";
}

TEST_F(Waiting, CostsLittleInAnIdleExecutorAndInClose) {
  auto const never_set = store.future<int>();
  auto extra = std::optional(Store::open("closed early", mpi::rma(MPI_COMM_WORLD, {.capacity = MiB})));
  auto const used = thread_time([&] {
    mpi::Executor ranks(MPI_COMM_WORLD);
    if (auto submit = ranks.client()) {
      EXPECT_THROW(never_set.wait(1s), Timeout);
    }
  });
  EXPECT_LT(used, 150ms) << "an executor with nothing to do";
  auto const closing = thread_time([&] {
    if (rank == 0) {
      EXPECT_THROW(never_set.wait(1s), Timeout);
    }
    extra.reset();
  });
  EXPECT_LT(closing, 150ms) << "close() until the others close";
}

TEST_F(Waiting, ForgetsNoTurnBetweenTwoRanks) {
  std::vector<Key> const first = gather(connector.new_key({}));
  bool const begins = rank % 2 == 0;
  play(first[static_cast<std::size_t>(begins ? rank : rank - 1)], begins, 20'000 / size);
  meet();  // the one who begins made a key that the other may still read
}

TEST_F(Waiting, ForgetsNoTurnBetweenTwoThreads) {
  Key const first = connector.new_key({});
  std::jthread other([&] { play(first, false, 20'000 / size); });
  play(first, true, 20'000 / size);
}

TEST_F(Waiting, HandsATokenAroundTheRing) {
  constexpr std::size_t rounds = 200;
  std::vector<Future<int>> mine;
  for (std::size_t i = 0; i < rounds; ++i) mine.push_back(store.future<int>());
  auto const all = gather(mine);
  if (rank == 0) mine[0].set_result(0);
  for (std::size_t round = 0; round < rounds; ++round) {
    int const token = mine[round].result(patience);
    ASSERT_EQ(token, static_cast<int>(round) * size + rank);
    if (rank != last) all[static_cast<std::size_t>(rank + 1)][round].set_result(token + 1);
    else if (round + 1 != rounds) all[0][round + 1].set_result(token + 1);
  }
}

TEST_F(Waiting, WakesAllThreadsOfAllRanksThatWaitForOneKey) {
  constexpr int threads = 8;
  Key const key = share(connector.new_key({}), 0);
  std::vector<State> seen(threads, State::pending);
  {
    std::latch waiting(threads);
    std::vector<std::jthread> waiters;
    for (auto& state : seen)
      waiters.emplace_back([&] {
        state = connector.wait(key, 1ms);
        waiting.count_down();
        if (state == State::pending) state = connector.wait(key, patience);
      });
    waiting.wait();
    meet();
    if (rank == last) connector.set(key, filled(100, 1));
  }
  EXPECT_THAT(seen, Each(State::ready));
}
