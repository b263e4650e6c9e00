// Memory is bounded, full is an error from which a rank recovers, and nobody's view is written over.
#include <optional>

#include "world.hpp"

namespace {

using namespace world;

class Memory : public Ranks {
 protected:
  static constexpr std::size_t capacity = 2 * MiB;

  /// The number after `word` in the connector's report.
  std::size_t reported(std::string const& word) {
    auto const report = connector.report();
    auto const at = report.find(word);
    if (at == std::string::npos) throw InvalidArgument("no '" + word + "' in " + report);
    return std::stoul(report.substr(at + word.size()));
  }
  std::size_t in_use() { return reported("in use "); }
  std::size_t slots_in_use() { return reported("slots: "); }

  std::vector<Key> put_until_full(std::size_t bytes) {
    std::vector<Key> keys;
    try {
      for (;;) keys.push_back(connector.put(filled(bytes, 1)));
    } catch (StoreFull const&) {
      return keys;
    }
  }

  Store store = Store::open("memory", mpi::rma(MPI_COMM_WORLD, {.capacity = capacity}));
  DeferrableConnector& connector = *store.connector().deferrable();
};

}  // namespace

TEST_F(Memory, SaysClearlyThatItIsFullAndRecovers) {
  auto const keys = put_until_full(300'000);
  ASSERT_GE(keys.size(), 5U);
  auto const slots = slots_in_use();
  EXPECT_THAT(error_of<StoreFull>([&] { (void)connector.put(filled(300'000, 2)); }),
              testing::AllOf(HasSubstr("no room for 300000 bytes"), HasSubstr("capacity 2.0 MiB"),
                             HasSubstr("in use 1."), HasSubstr("largest free block 0."), HasSubstr("evict")));
  EXPECT_EQ(slots_in_use(), slots) << "a put that failed leaves no key";
  connector.evict(keys[2]);
  auto const again = connector.get(connector.put(filled(300'000, 3)));
  EXPECT_TRUE(again && is_filled(again->span(), 3));
}

TEST_F(Memory, PromisesTheLargestFreeBlock) {
  auto const largest = reported("largest free block ");
  EXPECT_THROW((void)connector.put(filled(capacity, 1)), StoreFull);
  EXPECT_NO_THROW((void)connector.put(filled(largest, 1)));
}

TEST_F(Memory, LeavesAFutureToBeSetLaterWhenItsProducerIsFull) {
  auto const future = share(store.future<std::string>(), 0);
  if (rank == last) {
    auto const keys = put_until_full(100'000);
    EXPECT_THROW(future.set_result(std::string(200'000, 'x')), StoreFull);
    EXPECT_FALSE(future.done());
    for (auto const& key : keys) connector.evict(key);
    future.set_result(std::string(200'000, 'y'));
  }
  EXPECT_EQ(future.result(patience), std::string(200'000, 'y'));
}

TEST_F(Memory, TakesBackWhatAnotherRankEvicts) {
  std::vector<Key> keys;
  if (rank == 0) keys = put_until_full(100'000);
  keys = share(keys, 0);
  if (rank == last)
    for (auto const& key : keys) connector.evict(key);
  meet();
  if (rank == 0) {
    EXPECT_EQ(put_until_full(100'000).size(), keys.size());
  }
}

TEST_F(Memory, DoesNotGrowOverManyObjects) {
  std::size_t used = 0;
  for (int i = 0; i < 10'000; ++i) {
    if (i == 100) used = in_use();
    connector.evict(connector.put(filled(i % 2 == 0 ? 20 : 20'000, 1)));
    Key const unset = connector.new_key({});
    connector.evict(unset);
  }
  EXPECT_EQ(in_use(), used);
  EXPECT_EQ(slots_in_use(), 0U);
}

TEST_F(Memory, DoesNotGrowOverManyObjectsThatOthersEvict) {
  // Objects go round: each rank evicts those of the next, in batches. All of them together would fill it 20 times.
  std::size_t used = 0;
  for (int round = 0; round < 20; ++round) {
    std::vector<Key> keys;
    for (int i = 0; i < 100; ++i) keys.push_back(connector.put(filled(20'000, 1)));
    auto const all = gather(keys);
    for (auto const& key : all[static_cast<std::size_t>((rank + 1) % size)]) connector.evict(key);
    meet();
    if (round == 0) used = in_use();
  }
  EXPECT_EQ(in_use(), used);
  EXPECT_EQ(slots_in_use(), 0U);
}

TEST_F(Memory, TakesNoObjectOfALaterGenerationForAnEarlierOne) {
  Key const old = share(rank == 0 ? connector.new_key({}) : Key(), 0);
  meet();
  Key fresh;
  if (rank == 0) {
    connector.evict(old);
    for (int i = 0; i < 1000; ++i) {  // until the slot is used again
      fresh = connector.put(filled(30, 5));
      if (fresh.text().substr(0, fresh.text().rfind('.')) == old.text().substr(0, old.text().rfind('.'))) break;
      connector.evict(fresh);
    }
  }
  fresh = share(fresh, 0);
  ASSERT_NE(fresh, old);
  EXPECT_EQ(connector.get(old), std::nullopt);
  EXPECT_FALSE(connector.exists(old));
  EXPECT_EQ(connector.wait(old, patience), State::gone);
  EXPECT_THROW(connector.set(old, filled(30, 6)), ObjectNotFound);
  connector.evict(old);
  meet();
  EXPECT_TRUE(is_filled(connector.get(fresh).value().span(), 5)) << "evicting the old key took the new object";
}

TEST_F(Memory, KeepsAnEvictedObjectForThoseWhoHoldViews) {
  Key const key = share(rank == 0 ? connector.put(filled(600'000, 1)) : Key(), 0);
  auto held = connector.get(key);
  ASSERT_TRUE(held);
  meet();
  if (rank == 0) {
    held.reset();
    connector.evict(key);
  }
  meet();
  EXPECT_EQ(connector.get(key), std::nullopt);
  std::vector<Key> others;
  if (rank == 0) others = put_until_full(50'000);  // wants the memory
  meet();
  if (rank != 0) {
    EXPECT_TRUE(is_filled(held->span(), 1));
  }
  if (rank == 0)
    for (auto const& other : others) connector.evict(other);
  EXPECT_EQ(gather(rank == 0 ? put_until_full(800'000).size() : 0)[0], 1U)
      << "the object that is viewed is still there";
  held.reset();
  meet();
  if (rank == 0) {
    EXPECT_EQ(put_until_full(600'000).size(), 2U) << "one of them where the view was";
  }
}

TEST_F(Memory, CountsViewsThatAreHeld) {
  Key const key = share(rank == 0 ? connector.put(filled(1000, 1)) : Key(), 0);
  EXPECT_EQ(reported("views held here: "), 0U);
  auto one = connector.get(key);
  auto const copy = one;
  EXPECT_EQ(reported("views held here: "), 1U);
  one.reset();
  EXPECT_EQ(reported("views held here: "), 1U);
}
