// A store that is full, of bytes or of slots, and consumers on other nodes.
#include "../world.hpp"

namespace {

using namespace world;

class Full : public Ranks {
 protected:
  static constexpr std::size_t capacity = 2 * MiB;

  void TearDown() override {
    Ranks::TearDown();
    store.close();
  }
  std::vector<Key> put_until_full(std::size_t bytes) {
    std::vector<Key> keys;
    try {
      for (;;) keys.push_back(store.connector().put(filled(bytes, 1)));
    } catch (StoreFull const&) {
      return keys;
    }
  }
  std::vector<Future<std::string>> make_until_full(FutureOptions options = {}) {
    std::vector<Future<std::string>> futures;
    try {
      for (;;) futures.push_back(store.future<std::string>(options));
    } catch (StoreFull const& error) {
      EXPECT_THAT(error.what(), testing::AllOf(HasSubstr("capacity 2.0 MiB"), HasSubstr("evict")));
      return futures;
    }
  }

  Store store = Store::open("full", mpi::rma(MPI_COMM_WORLD, {.capacity = capacity, .reply_timeout = 10s}));
};

}  // namespace

TEST_F(Full, IsToldToTheSetterAndLeavesTheFutureToItsConsumers) {
  auto const future = share(store.future<std::string>(), 0);
  auto const waiting = future.proxy();
  if (rank == last) {
    auto const keys = put_until_full(100'000);
    EXPECT_THROW(future.set_result(std::string(300'000, 'x')), StoreFull);
    EXPECT_FALSE(future.done());
    for (auto const& key : keys) store.evict(key);
    future.set_result(std::string(300'000, 'y'));
  }
  EXPECT_EQ(waiting.resolve(patience), std::string(300'000, 'y'));
}

TEST_F(Full, AtTheHomeSmallObjectsStayWithTheirSetter) {
  auto const future = share(store.future<std::string>(), 0);
  if (rank == 0) (void)put_until_full(2000);
  meet();
  if (rank == last && last != 0) future.set_result(std::string(3000, 'x'));
  if (last != 0) {
    EXPECT_EQ(future.result(patience), std::string(3000, 'x'));
  }
}

TEST_F(Full, AtAConsumerLargeObjectsAreReadAllTheSame) {
  Key const key(share(std::string(store.connector().put(filled(1 * MiB, 3)).text()), 0));
  if (rank == last && last != 0) (void)put_until_full(50'000);
  auto const object = store.connector().get(key);
  EXPECT_TRUE(object && is_filled(object->span(), 3));
}

TEST_F(Full, OfSlotsIsAnErrorFromWhichARankRecovers) {
  if (rank == last) {
    auto const futures = make_until_full();
    EXPECT_GT(futures.size(), 1000U);
    store.evict(futures.front().key());
    auto const again = store.future<std::string>();
    again.set_result("there is room");
    EXPECT_EQ(again.result(), "there is room");
    for (auto const& future : futures) store.evict(future.key());
  }
  auto const after = share(store.future<int>(), last);
  if (rank == 0) after.set_result(3);
  EXPECT_EQ(after.result(patience), 3);
}

TEST_F(Full, OfSlotsAtAHomeThatWasNotAskedIsToldToTheSetter) {
  if (store.report().find("network:") == std::string::npos) GTEST_SKIP() << "on one node the maker has the slot";
  auto const promised =
      share(rank == 0 ? store.future<int>({.producer = last}) : Future<int>(), 0);  // no slot has it yet
  auto const hers = rank == last ? make_until_full() : std::vector<Future<std::string>>();
  meet();
  if (rank == 0) {
    EXPECT_THROW(promised.wait(100ms), Timeout);
    EXPECT_THAT(error_of<StoreFull>([&] { promised.set_result(1); }),
                HasSubstr("rank " + std::to_string(last) + " has no room for a slot"));
  }
  meet();
  for (auto const& future : hers) store.evict(future.key());
  if (rank == last) promised.set_result(4);
  EXPECT_EQ(promised.result(patience), 4) << "once there is room";
}
