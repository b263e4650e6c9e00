// What is special of the parallel-file connector within a job: options, files that come and go, views, hosts.
#include <algorithm>
#include <memory>

#include "../shared_directory.hpp"
#include "../world.hpp"

namespace {

using namespace world;
using mpi::ParallelFileOptions;

class ParallelFile : public Ranks {
 protected:
  Store open(ParallelFileOptions options = {}) {
    options.directory = directory / "store";
    options.control.capacity = 8 * MiB;
    return Store::open("tested", mpi::parallel_file(MPI_COMM_WORLD, std::move(options)));
  }
  Store open_text(std::string const& options) {
    return Store::open("tested", mpi::connect(MPI_COMM_WORLD, "parallel-file:" + (directory / "store") + options));
  }
  std::size_t segments() const {
    std::size_t count = 0;
    for (auto const& entry : std::filesystem::directory_iterator(directory / "store"))
      count += entry.path().extension() == ".seg" ? 1 : 0;
    return count;
  }

  SharedDirectory directory;
};

}  // namespace

TEST_F(ParallelFile, HandsOverBetweenAllRanks) {
  auto store = open();
  auto const futures = gather(store.future<std::vector<double>>());
  auto const next = static_cast<std::size_t>((rank + 1) % size);
  futures[next].set_result(std::vector<double>(10'000, rank));
  for (int of = 0; of < size; ++of)
    EXPECT_EQ(futures[static_cast<std::size_t>(of)].result(patience).at(9'999), (of + size - 1) % size);
  meet();
}

TEST_F(ParallelFile, WakesThoseWhoWaitInEveryOrder) {
  auto store = open();
  for (int round = 0; round < 50; ++round) {
    auto const future = share(store.future<int>({.producer = round % size}), (round + 1) % size);
    if (rank == round % size) future.set_result(round);
    EXPECT_EQ(future.result(patience), round);
  }
  meet();
}

TEST_F(ParallelFile, FillsMemoryOfTheFileAndReadsItInPlace) {
  auto store = open();
  auto const future = share(store.future<Array<double>>(), 0);
  if (rank == 0) {
    auto array = store.allocate<double>({300, 1000});
    std::fill(array.begin(), array.end(), 2.5);
    auto const* const place = array.data();
    future.set_result(std::move(array));
    EXPECT_EQ(*place, 2.5) << "it is a mapping still";
  }
  auto const array = future.result(patience);
  EXPECT_TRUE(array.is_view());
  EXPECT_EQ(array(299, 999), 2.5);
  meet();
}

TEST_F(ParallelFile, BreaksFuturesOfARankThatCloses) {
  auto store = open();
  auto const future = share(store.future<int>({.producer = last}), 0);
  if (rank == last) {
    store.close();
  } else {
    EXPECT_THROW((void)future.result(patience), BrokenFuture);
  }
}

TEST_F(ParallelFile, TellsOfARingOfWaits) {
  if (size == 1) GTEST_SKIP();
  auto store = open();
  auto const a = share(store.future<int>({.producer = 0}), 0), b = share(store.future<int>({.producer = last}), 0);
  if (rank == 0) {
    EXPECT_THROW((void)b.result(patience), DeadlockError);
  }
  if (rank == last) {
    EXPECT_THROW((void)a.result(patience), DeadlockError);
  }
  meet();
}

TEST_F(ParallelFile, RemovesFilesWhoseObjectsOtherRanksEvicted) {
  auto store = open({.segment = 256 << 10U});
  std::vector<std::string> keys;
  for (int i = 0; i < 40; ++i) keys.push_back(store.put(std::string(50'000, 'x')).text());
  auto const all = gather(keys);
  if (rank == 0) {
    EXPECT_GE(segments(), static_cast<std::size_t>(size) * 8);
  }
  meet();
  for (auto const& key : all[static_cast<std::size_t>((rank + 1) % size)]) store.evict(Key(key));
  meet();
  store.close();
  meet();
  if (rank == 0) {
    EXPECT_EQ(segments(), 0U);
  }
}

TEST_F(ParallelFile, LetsGoOfWhatOthersEvictWhileItGoesOn) {
  auto store = open({.segment = 256 << 10U, .quota = 2 * MiB});
  // 10 times the quota; each rank's objects are evicted by the next one.
  for (int round = 0; round < 20; ++round) {
    auto const key = store.put(std::string(MiB, static_cast<char>('a' + round % 26)));
    auto const keys = gather(key.text());
    auto const next = static_cast<std::size_t>((rank + 1) % size);
    EXPECT_EQ(store.get<std::string>(Key(keys[next]))->front(), 'a' + round % 26);
    store.evict(Key(keys[next]));
    meet();
  }
}

TEST_F(ParallelFile, IsFullAtItsQuotaAndSaysSo) {
  auto store = open_text("?quota=3MiB&segment=1MiB");
  std::vector<Key> keys;
  auto const text = error_of<StoreFull>([&] {
    for (;;) keys.push_back(store.put(std::string(200'000, 'x')));
  });
  EXPECT_THAT(text, testing::AllOf(HasSubstr("quota 3145728 bytes"), HasSubstr("in use"), HasSubstr("evict")));
  EXPECT_GE(keys.size(), 12U);
  auto const future = store.future<std::string>();
  EXPECT_THROW(future.set_result(std::string(200'000, 'y')), StoreFull);
  EXPECT_FALSE(future.done());
  for (auto const& key : keys) store.evict(key);
  future.set_result(std::string(200'000, 'y'));
  EXPECT_EQ(future.result(patience), std::string(200'000, 'y'));
  meet();
}

TEST_F(ParallelFile, LetsOneOfManySettersWinAndForgetsTheOthers) {
  auto store = open();
  for (int round = 0; round < 20; ++round) {
    auto const future = share(store.future<std::string>(), round % size);
    std::string mine = "refused";
    try {
      future.set_result("of rank " + std::to_string(rank));
      mine = "won";
    } catch (AlreadySet const& error) {
      EXPECT_THAT(error.what(), HasSubstr("parallel-file key"));
    }
    auto const all = gather(mine);
    EXPECT_EQ(std::count(all.begin(), all.end(), "won"), 1);
    auto const winner = std::find(all.begin(), all.end(), "won") - all.begin();
    EXPECT_EQ(future.result(patience), "of rank " + std::to_string(winner));
  }
  meet();
}

TEST_F(ParallelFile, CanBeNamedByText) {
  auto store = open_text("?fsync=yes&consistency=close_to_open&segment=1MiB&verify=no&permissions=0640&capacity=4MiB");
  EXPECT_EQ(store.config().to_string(), "parallel-file:" + (directory / "store"));
  EXPECT_THAT(store.report(), HasSubstr("close-to-open"));
  EXPECT_EQ(store.get<std::string>(store.put(std::string("text"))), "text");
  meet();
}

TEST_F(ParallelFile, RefusesTextsThatCannotBe) {
  for (auto const* options : {"?segment=1KiB", "?consistency=eventual", "?colour=red", "?permissions=0777"})
    EXPECT_THROW(open_text(options), ConfigError) << options;
  EXPECT_THROW((void)mpi::connect(MPI_COMM_WORLD, "parallel-file:"), ConfigError);
  EXPECT_THROW((void)mpi::connect(MPI_COMM_WORLD, "parallel-file://host/path"), ConfigError);
  EXPECT_THROW((void)mpi::connect(MPI_COMM_WORLD, "parallel-file:/proc/no/such"), ConnectorError);
  EXPECT_THAT(error_of<ConfigError>([] { (void)Registry::instance().connect(Config("parallel-file", "/tmp")); }),
              HasSubstr("collectively"));
}

TEST_F(ParallelFile, SaysWhenADirectoryIsNotTheSameForAll) {
  if (size == 1) GTEST_SKIP();
  auto const own = directory / ("of-rank-" + std::to_string(rank));
  std::filesystem::create_directories(own);
  EXPECT_THAT(error_of<Error>([&] { (void)mpi::parallel_file(MPI_COMM_WORLD, {.directory = own}); }),
              HasSubstr("is not the same on all ranks"));
}
