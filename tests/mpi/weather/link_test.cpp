// The cable of host 0 is pulled and put in again, or carries little: all arrives, nobody hangs, and a wait that has a
// timeout ends by it though nothing comes. Runs over hosts alone, whose harness does what is written to its control.
#include <cstdlib>
#include <fstream>
#include <functional>
#include <future>
#include <thread>

#include "../world.hpp"

namespace {

using namespace world;
using Clock = std::chrono::steady_clock;

void ask_harness(std::string const& request) {
  std::ofstream control(std::getenv("PROXYSTORE_HOSTS_CONTROL"));
  control << request << std::endl;
}

/// What the kernel says of this host's link.
std::size_t link(char const* what) {
  std::size_t value = 0;
  std::ifstream(std::string("/sys/class/net/eth0/") + what) >> value;
  return value;
}

class Link : public Ranks {
 protected:
  static constexpr auto some_seconds = 2s;

  void TearDown() override {
    if (rank == 0) {
      ask_harness("mend 0");
      ask_harness("rate 0 100gbit");
    }
    store.close();
    Ranks::TearDown();
  }

  /// Rank 0 alone.
  void cut() {
    ask_harness("cut 0");
    EXPECT_TRUE(comes([] { return link("carrier") == 0; })) << "the cable is out";
  }
  bool comes(std::function<bool()> const& what) {
    for (Deadline const end(patience); !end.expired(); std::this_thread::yield())
      if (what()) return true;
    return false;
  }
  /// Waits with that timeout until `future` is ready; returns how often the timeout came, each time when it was due.
  template <class T>
  int timeouts(Future<T> const& future, std::chrono::milliseconds timeout) {
    int count = 0;
    for (Deadline const end(patience); !end.expired(); ++count) {
      auto const start = Clock::now();
      try {
        future.wait(timeout);
        return count;
      } catch (Timeout const&) {
        auto const took = Clock::now() - start;
        EXPECT_GE(took, timeout);
        EXPECT_LT(took, timeout + 500ms) << "a timeout came late";
      }
    }
    ADD_FAILURE() << "it never came";
    return count;
  }
  /// Returns after that time, serving the others meanwhile.
  void let_pass(std::chrono::milliseconds time) {
    auto const nobodys = store.future<int>();
    EXPECT_THROW(nobodys.wait(time), Timeout);
  }

  Store store = Store::open("linked", mpi::rma(MPI_COMM_WORLD, {.capacity = 160 * MiB}));
};

}  // namespace

TEST_F(Link, WakesThoseWhoWaitedThroughACut) {
  auto const set_in_the_cut = share(store.future<std::string>(), 0);
  auto const answer = share(store.future<int>(), 0);
  if (rank == last) {
    EXPECT_THROW(set_in_the_cut.wait(1ms), Timeout) << "rank 0 knows that it is waited for";
  }
  auto waiting = std::async(std::launch::async, [&] { return rank == last ? timeouts(set_in_the_cut, 300ms) : 0; });
  meet();
  if (rank == 0) {
    cut();
    set_in_the_cut.set_result("from behind it");
    let_pass(some_seconds);
    ask_harness("mend 0");
    EXPECT_EQ(answer.result(patience), 7);
  } else if (rank == last) {
    EXPECT_GE(waiting.get(), 3) << "there was no cut";
    EXPECT_EQ(set_in_the_cut.result(patience), "from behind it");
    answer.set_result(7);
  }
  EXPECT_EQ(answer.result(patience), 7);
}

TEST_F(Link, BringsALargeObjectThroughACut) {
  constexpr std::size_t size_of_object = 64 * MiB;
  auto const future = share(store.future<std::vector<std::byte>>(), 0);
  if (rank == 0) {
    ask_harness("rate 0 1gbit");
    auto const before = link("statistics/tx_bytes");
    auto const sent = [&] { return link("statistics/tx_bytes") - before; };
    auto const buffer = filled(size_of_object, 1);
    future.set_result(std::vector(buffer.data(), buffer.data() + buffer.size()));
    EXPECT_TRUE(comes([&] { return sent() > size_of_object / 8; }));
    cut();
    EXPECT_LT(sent(), size_of_object) << "it went before the cut";
    let_pass(some_seconds);
    ask_harness("mend 0");
  } else if (rank == last) {
    auto const start = Clock::now();
    auto const object = future.result(patience);
    EXPECT_GT(Clock::now() - start, some_seconds);
    EXPECT_TRUE(object.size() == size_of_object && is_filled(object, 1));
  }
  meet();
}

TEST_F(Link, CarriesSmallThingsBesideALargeOneThoughItIsSlow) {
  constexpr std::size_t size_of_object = 24 * MiB;
  std::vector<Future<int>> turns;
  for (int i = 0; i < 20; ++i) turns.push_back(store.future<int>());
  auto const from_first = share(turns, 0), from_last = share(turns, last);
  auto const future = share(store.future<std::vector<std::byte>>(), 0);
  if (rank == 0) {
    ask_harness("rate 0 100mbit");
    auto const buffer = filled(size_of_object, 2);
    future.set_result(std::vector(buffer.data(), buffer.data() + buffer.size()));
  }
  std::thread pulling([&] {
    if (rank != last) return;
    auto const start = Clock::now();
    auto const object = future.result(patience);
    EXPECT_GT(Clock::now() - start, 1s) << "the link was not slow";
    EXPECT_TRUE(object.size() == size_of_object && is_filled(object, 2));
  });
  for (std::size_t i = 0; i < turns.size(); ++i) {
    if (rank == 0) from_first[i].set_result(1);
    if (rank == last) {
      EXPECT_EQ(from_first[i].result(patience), 1);
      from_last[i].set_result(2);
    }
    if (rank == 0) {
      EXPECT_EQ(from_last[i].result(patience), 2);
    }
  }
  pulling.join();
  meet();
}
