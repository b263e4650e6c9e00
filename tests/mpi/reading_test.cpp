// Objects that were set before they are asked for, read from a window over the nodes where this MPI makes one.
#include <numeric>
#include <thread>

#include "world.hpp"

namespace {

using namespace world;
using Transfer = mpi::RmaOptions::Transfer;

class Reading : public Ranks, public testing::WithParamInterface<Transfer> {
 protected:
  void SetUp() override {
    try {
      store_.emplace(Store::open("read", mpi::rma(MPI_COMM_WORLD, {.capacity = 32 * MiB, .transfer = GetParam()})));
    } catch (ConfigError const& error) {
      EXPECT_THAT(error.what(), HasSubstr("transfer=rma"));
      EXPECT_EQ(GetParam(), Transfer::rma);
      GTEST_SKIP() << "this MPI makes no window over the nodes at this thread level";
    }
  }
  void TearDown() override {
    Ranks::TearDown();
    if (store_) store_->close();  // serves those who are still leaving
  }
  Store& store() { return *store_; }

  /// How many objects this rank has read by itself; negative on one node.
  int has_read() {
    std::string const report = store().report(), title = "read: ";
    auto const at = report.find(title);
    return at == std::string::npos ? -1 : std::stoi(report.substr(at + title.size()));
  }
  bool soon_gone(Key const& key) {
    Deadline const until(patience);
    while (store().exists(key) && !until.expired()) store().progress();
    return !store().exists(key);
  }

 private:
  std::optional<Store> store_;
};

std::string name_of(testing::TestParamInfo<Transfer> const& info) {
  return info.param == Transfer::rma ? "rma" : "automatic";
}
INSTANTIATE_TEST_SUITE_P(Transfers, Reading, testing::Values(Transfer::rma, Transfer::automatic), name_of);

}  // namespace

TEST_P(Reading, BringsWhatIsThereAndTellsWhatIsNot) {
  for (std::size_t const bytes : {std::size_t{0}, std::size_t{7}, std::size_t{48}, std::size_t{1000}, 3 * MiB}) {
    auto const text = std::string(bytes, static_cast<char>('a' + rank));
    auto const keys = gather(store().put(text));
    for (int from = 0; from < size; ++from)
      EXPECT_EQ(*store().get<std::string>(keys[static_cast<std::size_t>(from)]),
                std::string(bytes, static_cast<char>('a' + from)));
    meet();
    store().evict(keys[static_cast<std::size_t>(rank)]);
  }
  auto const pending = gather(store().future<int>());
  for (auto const& future : pending) EXPECT_FALSE(future.done());
  meet();
  pending[static_cast<std::size_t>(rank)].set_result(rank);
  for (int from = 0; from < size; ++from) EXPECT_EQ(pending[static_cast<std::size_t>(from)].result(patience), from);
  auto const all = gather(has_read());
  if (all[0] >= 0 && GetParam() == Transfer::rma) {
    EXPECT_GE(std::accumulate(all.begin(), all.end(), 0), 10) << store().report();
  }
  meet();
}

TEST_P(Reading, FindsNoObjectOfAnEarlierLifeOfItsSlot) {
  for (int life = 0; life < 24; ++life) {
    auto const key = share(store().put(std::string(5000, static_cast<char>('a' + life % 26))), 0);
    if (rank == 0 && life % 2 == 1) store().evict(key);  // while others read
    auto const seen = store().get<std::string>(key);
    EXPECT_TRUE(seen || life % 2 == 1);
    EXPECT_EQ(seen.value_or(std::string(5000, static_cast<char>('a' + life % 26))),
              std::string(5000, static_cast<char>('a' + life % 26)));
    meet();
    if (rank == 0) store().evict(key);
    EXPECT_TRUE(soon_gone(key)) << "who reads is told of the eviction";
  }
  meet();
}

TEST_P(Reading, BringsLargeObjectsWhole) {
  auto& connector = store().connector();
  for (std::size_t const bytes : {std::size_t{3841}, MiB - 1, 5 * MiB + 3}) {
    auto const keys = gather(connector.put(filled(bytes, static_cast<std::uint64_t>(rank))));
    for (int from = 0; from < size; ++from) {
      auto const object = connector.get(keys[static_cast<std::size_t>(from)]);
      ASSERT_TRUE(object && object->size() == bytes);
      EXPECT_TRUE(is_filled(object->span(), static_cast<std::uint64_t>(from)));
    }
    meet();
    connector.evict(keys[static_cast<std::size_t>(rank)]);
    meet();
  }
}

TEST_P(Reading, BringsTheRowsOfAPartAndNoneOfAnEvictedObject) {
  auto& connector = store().connector();
  constexpr std::size_t row = 4096;
  for (int round = 0; round < 8; ++round) {
    auto const seed = static_cast<std::uint64_t>(round);
    Key const key(share(rank == 0 ? connector.put(filled(MiB, seed)).text() : "", 0));
    ObjectPart const part{key, MiB, 64, row, {{3, MiB / 4}, {5, 2 * row}}};
    bool const evicts = rank == 0 && round % 2 == 1;
    if (evicts) connector.evict(key);  // while others read
    auto const expected = filled(MiB, seed);
    connector.get_parts({&part, 1}, [&](std::size_t, std::optional<PartBytes> const& came) {
      EXPECT_TRUE(came || round % 2 == 1);
      if (!came) return;
      if (came->whole) {
        EXPECT_TRUE(is_filled(came->bytes.span(), seed));
        return;
      }
      ASSERT_EQ(came->bytes.size(), part.size());
      for (std::size_t i = 0; i < 15; ++i)
        EXPECT_EQ(std::memcmp(came->bytes.data() + i * row,
                              expected.data() + part.begin + i / 5 * (MiB / 4) + i % 5 * 2 * row, row),
                  0)
            << "row " << i << " in round " << round;
    });
    meet();
    if (rank == 0) connector.evict(key);
  }
  meet();
}

TEST_P(Reading, KeepsWhatIsHeldWhileOthersEvict) {
  auto& connector = store().connector();
  auto const key = share(connector.put(filled(MiB, 5)), 0);
  auto const held = connector.get(key);
  ASSERT_TRUE(held);
  meet();
  if (rank == last) connector.evict(key);
  EXPECT_TRUE(soon_gone(key));
  EXPECT_FALSE(connector.get(key));
  meet();
  if (rank == 0) connector.evict(connector.put(filled(2 * MiB, 6)));  // over its memory, if that was given back
  EXPECT_TRUE(is_filled(held->span(), 5));
  meet();
}

TEST_P(Reading, AsksForWhatCannotBeRead) {
  auto const of_another = share(store().future<std::string>(), 0);
  auto const declared = share(rank == 0 ? store().future<std::string>({.producer = last}) : Future<std::string>(), 0);
  if (rank == last) {
    of_another.set_result(std::string(100'000, 'a'));  // its home has not got the bytes
    declared.set_result(std::string(100'000, 'd'));    // its name tells no slot
  }
  meet();
  EXPECT_EQ(of_another.result(patience), std::string(100'000, 'a'));
  EXPECT_EQ(declared.result(patience), std::string(100'000, 'd'));
  auto const failed = gather(store().future<int>());
  failed[static_cast<std::size_t>(rank)].set_exception(std::runtime_error("as it should"));
  meet();
  for (auto const& future : failed) EXPECT_THROW(future.result(patience), RemoteError);
  meet();
}
