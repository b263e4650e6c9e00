// Connectors over others of which one is rma: opened by all ranks together, and spilling where a rank is full.
#include <filesystem>

#include <proxystore/connectors/connectors.hpp>

#include "world.hpp"

namespace {

using namespace world;

class Multi : public Ranks {
 protected:
  void SetUp() override { register_connectors(); }
  void TearDown() override {
    meet();
    if (rank == 0) std::filesystem::remove_all(directory);
    Ranks::TearDown();
  }

  /// 4 MiB in the memory of each rank, all beyond that in one directory.
  std::string text() const {
    return "multi:?fast=rma:&fast.capacity=4MiB&fast.priority=1&slow=file://" + directory + "&spill=slow";
  }
  Store open(std::string const& name) { return Store::open(name, mpi::connect(MPI_COMM_WORLD, text())); }

  std::string const directory =
      share((std::filesystem::temp_directory_path() / ("proxystore-multi-" + make_uuid_key().text())).string(), 0);
};

TEST_F(Multi, PutsIntoTheNextConnectorWhenTheMemoryOfARankIsFull) {
  auto store = open("filled");
  std::vector<std::string> keys;
  int spilt = 0;
  for (std::uint64_t i = 0; i < 8; ++i) {
    auto const seed = static_cast<std::uint64_t>(rank) * 8 + i;
    Key const key = store.connector().put(filled(MiB, seed));
    spilt += key.text().starts_with("slow:") ? 1 : 0;
    keys.push_back(key.text());
  }
  EXPECT_GE(spilt, 4);
  EXPECT_LT(spilt, 8);
  auto const all = gather(keys);
  for (int from = 0; from < size; ++from)
    for (std::uint64_t i = 0; i < 8; ++i) {
      auto const& key = all[static_cast<std::size_t>(from)][i];
      auto const object = store.connector().get(Key(key));
      ASSERT_TRUE(object && object->size() == MiB) << key;
      EXPECT_TRUE(is_filled(object->span(), static_cast<std::uint64_t>(from) * 8 + i)) << key;
    }
  meet();
}

/// The memory of who sets it is full by then; the slot of the key takes the reference.
TEST_F(Multi, WakesWaitersOfAFutureThatHasSpilt) {
  auto store = open("woken");
  for (int maker = 0; maker < size; ++maker) {
    auto const future = share(store.future<Bytes>(), maker);
    EXPECT_THAT(future.key().text(), testing::StartsWith("fast?"));
    if (rank == (maker + 1) % size) {
      std::vector<Key> filling;
      while (filling.empty() || filling.back().text().starts_with("fast:"))
        filling.push_back(store.connector().put(Buffer(64 << 10)));
      future.set_result(Bytes::copy_of(std::string(2 * MiB, static_cast<char>('a' + maker))));
      for (auto const& key : filling) store.connector().evict(key);
    }
    EXPECT_EQ(future.result(patience).text(), std::string(2 * MiB, static_cast<char>('a' + maker)));
    meet();
  }
}

TEST_F(Multi, MakesProxiesThatOtherRanksResolveWhereverTheObjectIs) {
  auto store = open("proxies");
  std::vector<Proxy<Bytes>> proxies;
  for (int i = 0; i < 6; ++i)
    proxies.push_back(store.proxy(Bytes::copy_of(std::string(MiB, 'p')), {.populate = false}));
  for (auto const& of_rank : gather(proxies))
    for (auto const& proxy : of_rank) EXPECT_EQ(proxy.resolve(patience).text(), std::string(MiB, 'p'));
  meet();
}

TEST_F(Multi, OpensOnNoRankIfAMemberFailsOnOne) {
  auto const bad = rank == last ? "multi:?fast=rma:&slow=file:///proc/no/such/place" : text();
  auto const why = error_of<ConnectorError>([&] { (void)mpi::connect(MPI_COMM_WORLD, bad); });
  EXPECT_THAT(why, HasSubstr("/proc/no"));
  auto store = open("after all");
  EXPECT_EQ(store.get<int>(store.put(rank)), rank);
  meet();
}

TEST_F(Multi, IsOpenedByAllRanksWithTheSameMembers) {
  if (size == 1) GTEST_SKIP() << "one rank always agrees";
  auto const mine = rank == 0 ? "rma:" : rank == 1 ? "multi:?a=local:" : "multi:?a=rma:";
  EXPECT_THAT(error_of<ConfigError>([&] { (void)mpi::connect(MPI_COMM_WORLD, mine); }),
              HasSubstr("the same connector text"));
}

TEST_F(Multi, HasNoRmaMemberThatIsDormantOnSomeHosts) {
  EXPECT_THAT(error_of<ConfigError>([&] { (void)mpi::connect(MPI_COMM_WORLD, "multi:?a=rma:&a.hosts=node1"); }),
              HasSubstr("leave a.hosts out"));
}

}  // namespace
