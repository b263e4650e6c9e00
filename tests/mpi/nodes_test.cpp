// What is special when ranks are on several nodes. Holds on one node as well, where most of it is simple.
#include <set>
#include <thread>

#include "world.hpp"

namespace {

using namespace world;

class Nodes : public RanksWithStore {
 protected:
  std::vector<std::string> const node_of = gather(processor());
  std::size_t const nodes = std::set(node_of.begin(), node_of.end()).size();
  bool with_home() const { return node_of[static_cast<std::size_t>(rank)] == node_of.front(); }

  template <class T>
  Future<T> shared_future(int maker, FutureOptions options = {}) {
    return share(rank == maker ? store.future<T>(options) : Future<T>(), maker);
  }
  /// The number after `title` in a report; 0 on one node.
  static std::size_t number(Store& of, std::string const& title) {
    auto const report = of.report();
    auto const at = report.find(title);
    return at == std::string::npos ? 0 : std::stoul(report.substr(at + title.size()));
  }
  /// Objects of other nodes that this rank has pulled.
  std::size_t pulled() { return number(store, "pulled by this rank: "); }
};

TEST_F(Nodes, AreReported) {
  auto const report = store.report();
  EXPECT_THAT(report, HasSubstr("rank " + std::to_string(rank) + " of " + std::to_string(size) + " on "));
  EXPECT_THAT(report, HasSubstr(std::to_string(nodes) + (nodes == 1 ? " node\n" : " nodes\n")));
  for (auto const* part : {"capacity", "(rma:?capacity=…)", "in use", "largest free block", "slots:"})
    EXPECT_THAT(report, HasSubstr(part));
  if (nodes == 1) return;
  for (auto const* part : {"MPI", ", MPI_THREAD_", "progress by ", "(rma:?progress=…)",
                           "late consumers of other nodes' objects ", "window", "(rma:?transfer=…)", "(rma:?cache=…)"})
    EXPECT_THAT(report, HasSubstr(part));
}

TEST_F(Nodes, HandOverAtTheBordersBetweenInsideAndPulled) {
  for (std::size_t const size_now : {0, 1, 48, 49, 3839, 3840, 3841, 100'000}) {
    for (int const maker : {0, last}) {
      Key const key(share(rank == maker ? connector.new_key({}).text() : "", maker));
      if (rank == last) connector.set(key, filled(size_now, size_now));
      ASSERT_EQ(connector.wait(key, patience), State::ready) << size_now;
      auto const object = connector.get(key);
      ASSERT_TRUE(object && object->size() == size_now) << size_now;
      EXPECT_TRUE(is_filled(object->span(), size_now)) << size_now;
    }
  }
}

TEST_F(Nodes, MakeFuturesForAProducerThatIsNotAsked) {
  std::vector<Future<int>> made;
  for (int i = 0; rank == 0 && i < 20; ++i) made.push_back(store.future<int>({.producer = last}));
  made = share(made, 0);
  // Out of order, and waited for before they are there.
  if (rank == last)
    for (int i = 19; i >= 0; --i) made[static_cast<std::size_t>(i)].set_result(i);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(made[static_cast<std::size_t>(i)].result(patience), i);
  if (rank == last) {
    EXPECT_THROW(made[3].set_result(0), AlreadySet);
  }
  meet();
  if (rank == 0) store.evict(made[7].key());
  meet();
  if (rank == last) {
    EXPECT_THROW(made[7].set_result(0), ObjectNotFound);
  }
}

TEST_F(Nodes, PullAnObjectOnceToEach) {
  auto const before = pulled();
  Key const key(share(rank == 0 ? store.put(std::vector<double>(100'000, 1.5)).text() : "", 0));
  Bytes const held = connector.get(key).value();  // all at once
  EXPECT_EQ(store.get<std::vector<double>>(key)->at(99'999), 1.5);
  auto const counts = gather(pulled() - before);
  std::size_t all = 0;
  for (auto const count : counts) all += count;
  EXPECT_EQ(all, nodes - 1);
}

TEST_F(Nodes, MeetWithoutTheMakerOfTheirFuture) {
  if (size < 3) GTEST_SKIP() << "needs three ranks";
  auto const future = shared_future<std::vector<double>>(0);
  if (rank == last) future.set_result(std::vector<double>(50'000, 2.5));
  if (rank == 1) {
    EXPECT_EQ(future.result(patience).at(49'999), 2.5);
    int done = 1;
    MPI_Send(&done, 1, MPI_INT, 0, 7, MPI_COMM_WORLD);
  }
  if (rank == 0) {  // computes all the while, without a call of the library
    int done = 0;
    MPI_Recv(&done, 1, MPI_INT, 1, 7, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    EXPECT_EQ(done, 1);
  }
}

TEST_F(Nodes, PassAProxyOnFromRankToRank) {
  auto const future = shared_future<std::string>(0);
  auto const next = (rank + 1) % size;
  // Each resolves what the one before it passed on; the object exists only when it has gone round.
  Proxy<std::string> proxy = future.proxy();
  for (int hop = 0; hop < size; ++hop) {
    auto const all = gather(proxy);
    proxy = all[static_cast<std::size_t>((rank + size - 1) % size)];
  }
  if (rank == last) future.set_result("went round to " + std::to_string(next));
  EXPECT_EQ(proxy.resolve(patience), "went round to 0");
}

TEST_F(Nodes, FindNothingOfWhatWasEvictedElsewhere) {
  for (int const evictor : {0, last}) {
    Key const key(share(rank == 0 ? store.put(std::string("short lived")).text() : "", 0));
    EXPECT_EQ(*store.get<std::string>(key), "short lived");
    meet();
    if (rank == evictor) store.evict(key);
    auto const until = Deadline(patience);
    if (rank == evictor) {
      EXPECT_FALSE(store.exists(key)) << "who evicted finds it no more";
    }
    while (store.exists(key) && !until.expired()) std::this_thread::yield();
    for (int again = 0; again < 20; ++again) EXPECT_FALSE(store.exists(key)) << "gone is gone";
    meet();
  }
}

TEST_F(Nodes, LetCopiesGiveWay) {
  Store small = Store::open("small", mpi::rma(MPI_COMM_WORLD, {.capacity = 4 * MiB}));
  std::size_t const count = 24, bytes = 512 << 10U;
  for (std::size_t i = 0; i < count; ++i) {  // three times what a slab holds
    Key const key(share(rank == 0 ? small.connector().put(filled(bytes, i)).text() : "", 0));
    auto const object = small.connector().get(key);
    ASSERT_TRUE(object && is_filled(object->span(), i)) << i;
    meet();
    if (rank == 0) small.evict(key);
  }
  for (int i = 0; i < 4; ++i) small.evict(small.put(std::string(500'000, 'x')));  // room for one's own
}

TEST_F(Nodes, HoldCopiesUpToTheirBoundAndUntilTheirObjectIsEvicted) {
  constexpr std::size_t count = 8, bytes = 400'000;
  Store bounded = Store::open("bounded", mpi::rma(MPI_COMM_WORLD, {.capacity = 16 * MiB, .cache = 1 * MiB}));
  auto const held = [&] { return number(bounded, ", of "); };  // bytes
  std::vector<Key> keys;
  for (std::size_t i = 0; i < count; ++i) {
    keys.emplace_back(share(rank == 0 ? bounded.connector().put(filled(bytes, i)).text() : "", 0));
    auto const object = bounded.connector().get(keys.back());
    ASSERT_TRUE(object && is_filled(object->span(), i)) << i;
    meet();
  }
  EXPECT_LE(held(), 1 * MiB) << bounded.report();
  if (!with_home()) {
    auto const all = gather(held());
    EXPECT_GE(*std::max_element(all.begin(), all.end()), bytes) << "the last is still there";
  } else {
    (void)gather(held());
  }
  meet();
  for (auto const& key : keys)
    if (rank == 0) bounded.evict(key);
  Deadline const until(patience);
  while (held() != 0 && !until.expired()) bounded.progress();
  EXPECT_EQ(held(), 0U) << "what is evicted leaves no copy: " << bounded.report();
  meet();
}

TEST_F(Nodes, WaitForARankThatOnlyServesWhenItIsCalled) {
  Store quiet = Store::open(
      "quiet", mpi::rma(MPI_COMM_WORLD, {.capacity = 2 * MiB, .progress = mpi::RmaOptions::Progress::calls}));
  auto const future = share(rank == 0 ? quiet.future<int>() : Future<int>(), 0);
  if (rank == 0) future.set_result(5);
  if (rank == 0) {
    for (int answered = 0; answered < size - 1;) {  // a simulation's loop
      int here = 0;
      MPI_Iprobe(MPI_ANY_SOURCE, 8, MPI_COMM_WORLD, &here, MPI_STATUS_IGNORE);
      if (here != 0) {
        MPI_Recv(nullptr, 0, MPI_INT, MPI_ANY_SOURCE, 8, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        ++answered;
      }
      quiet.progress();
    }
  } else {
    EXPECT_EQ(future.result(patience), 5);
    MPI_Send(nullptr, 0, MPI_INT, 0, 8, MPI_COMM_WORLD);
  }
}

}  // namespace
