// A disk that is full in the middle of a put: an error, and everything else as it was. On the disk of small_disk.
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>

#include "../world.hpp"

namespace {

using namespace world;
using Consistency = mpi::ParallelFileOptions::Consistency;

class DiskFull : public Ranks, public testing::WithParamInterface<Consistency> {
 protected:
  void SetUp() override {
    if (!disk) GTEST_SKIP() << "there is no PROXYSTORE_TEST_DISK";
    store.emplace(Store::open("full", mpi::parallel_file(MPI_COMM_WORLD, {.directory = std::string(disk) + "/store",
                                                                          .segment = 4 * MiB,
                                                                          .consistency = GetParam(),
                                                                          .control = {.capacity = 8 * MiB}})));
  }
  void TearDown() override {
    Ranks::TearDown();
    store.reset();
    if (rank == 0 && disk) std::filesystem::remove_all(std::string(disk) + "/store");
    MPI_Barrier(MPI_COMM_WORLD);
  }
  /// What went in, by its seed.
  std::map<std::uint64_t, Key> put_until_full(std::size_t bytes) {
    std::map<std::uint64_t, Key> keys;
    try {
      for (std::uint64_t seed = static_cast<std::uint64_t>(rank) * 100'000;; ++seed)
        keys.emplace(seed, connector().put(filled(bytes, seed)));
    } catch (StoreFull const& error) {
      EXPECT_THAT(error.what(), testing::AllOf(HasSubstr("No space left"), HasSubstr("are free"), HasSubstr("evict")));
    }
    return keys;
  }
  void expect_intact(std::map<std::uint64_t, Key> const& keys, std::size_t bytes) {
    for (auto const& [seed, key] : keys) {
      auto const object = connector().get(key);
      ASSERT_TRUE(object && object->size() == bytes) << seed;
      ASSERT_TRUE(is_filled(object->span(), seed)) << seed;
    }
  }
  DeferrableConnector& connector() { return *store->connector().deferrable(); }

  char const* const disk = std::getenv("PROXYSTORE_TEST_DISK");
  std::optional<Store> store;
};

}  // namespace

INSTANTIATE_TEST_SUITE_P(Each, DiskFull, testing::Values(Consistency::posix, Consistency::close_to_open),
                         [](auto const& each) { return each.param == Consistency::posix ? "mapped" : "written"; });

TEST_P(DiskFull, IsAnErrorThatLeavesEverythingElseAsItWas) {
  for (std::size_t const bytes : {std::size_t{700'000}, std::size_t{3'000}, std::size_t{6'000'000}}) {
    auto const keys = put_until_full(bytes);
    meet();
    expect_intact(keys, bytes);
    meet();
    for (auto const& [seed, key] : keys) connector().evict(key);
    meet();
  }
}

TEST_P(DiskFull, LeavesAFutureUnsetUntilThereIsRoom) {
  auto const future = share(store->future<std::string>(), 0);
  if (rank == last) {
    auto const keys = put_until_full(700'000);
    EXPECT_THROW(future.set_result(std::string(5'000'000, 'x')), StoreFull);
    EXPECT_FALSE(future.done());
    for (auto const& [seed, key] : keys) connector().evict(key);
    future.set_result(std::string(5'000'000, 'y'));
  }
  EXPECT_EQ(future.result(patience), std::string(5'000'000, 'y'));
  meet();
}

TEST_P(DiskFull, LetsOtherRanksEvictAllTheSame) {
  auto const keys = rank == 0 ? put_until_full(100'000) : std::map<std::uint64_t, Key>();
  std::vector<std::string> texts;
  for (auto const& [seed, key] : keys) texts.push_back(key.text());
  auto const all = share(texts, 0);
  meet();
  if (rank == last) {
    for (auto const& text : all) EXPECT_NO_THROW(connector().evict(Key(text)));
  }
  meet();
  if (rank == 0) {
    EXPECT_NO_THROW((void)connector().put(filled(3'000'000, 1)));
  }
  meet();
}
