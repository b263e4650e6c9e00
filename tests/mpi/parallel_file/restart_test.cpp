// A later job, of another number of ranks, finds what an earlier one has left. Jobs are stores here, opened over some
// of the ranks one after the other: a store knows of no other.
#include <algorithm>
#include <fstream>
#include <memory>

#include <proxystore/segments/format.hpp>

#include "../shared_directory.hpp"
#include "../world.hpp"

namespace {

using namespace world;
using Field = Array<double>;

class Restart : public Ranks {
 protected:
  /// A job of the first `ranks` ranks; the others pass by. Collective over all.
  template <class Work>
  void job(int ranks, Work const& work, mpi::ParallelFileOptions options = {}) {
    MPI_Comm comm = MPI_COMM_NULL;
    MPI_Comm_split(MPI_COMM_WORLD, rank < ranks ? 0 : MPI_UNDEFINED, -rank, &comm);
    if (rank < ranks) {
      options.directory = directory / "store";
      options.control.capacity = 4 * MiB;
      Store store = Store::open("restarted", mpi::parallel_file(comm, options));
      work(store);
      store.close();
      MPI_Comm_free(&comm);
    }
    meet();
  }
  Field field(int of) const {
    Field array({50, 20});
    std::fill(array.begin(), array.end(), of);
    return array;
  }
  void find_an_array(mpi::CollectiveOptions const& options);
  std::vector<std::filesystem::path> files(std::string const& suffix) const {
    std::vector<std::filesystem::path> all;
    for (auto const& entry : std::filesystem::directory_iterator(directory / "store"))
      if (entry.path().string().ends_with(suffix)) all.push_back(entry.path());
    return all;
  }

  SharedDirectory directory;
};

}  // namespace

TEST_F(Restart, ResolvesSavedProxiesWithAnotherNumberOfRanks) {
  Bytes saved;
  job(std::max(1, size - 1), [&](Store& store) {
    auto const future = store.future<Field>();
    saved = serialize(future.proxy());
    future.set_result(field(rank));
  });
  auto const all = gather(saved);
  job(size, [&](Store&) {
    for (int of = 0; of < std::max(1, size - 1); ++of) {
      auto const proxy = deserialize<Proxy<Field>>(all[static_cast<std::size_t>(of)]);
      EXPECT_EQ(proxy->shape(), (Shape{50, 20}));
      EXPECT_EQ((*proxy)(49, 19), of);
    }
  });
  job(1, [&](Store&) { EXPECT_EQ((*deserialize<Proxy<Field>>(all[0]))(0, 0), 0); });
}

TEST_F(Restart, FindsWhatWasPutInEveryWay) {
  std::vector<std::string> keys;
  job(size,
      [&](Store& store) {
        for (auto const& key : store.put_batch(std::vector<std::string>(100, "batch"))) keys.push_back(key.text());
        keys.push_back(store.put(std::string("one")).text());
        keys.push_back(store.put(std::string(500'000, 'x')).text());
      },
      {.segment = 128 << 10U});
  auto const all = gather(keys);
  job(std::max(1, size / 2), [&](Store& store) {
    for (auto const& of_rank : all) {
      for (std::size_t i = 0; i < 100; ++i) ASSERT_EQ(store.get<std::string>(Key(of_rank[i])), "batch");
      EXPECT_EQ(store.get<std::string>(Key(of_rank[100])), "one");
      EXPECT_EQ(store.get<std::string>(Key(of_rank[101])), std::string(500'000, 'x'));
    }
  });
}

TEST_F(Restart, SaysOfWhichJobAFutureWasThatWasNeverSet) {
  Future<int> future;
  job(size, [&](Store& store) { future = store.future<int>(); });
  auto const never = share(rank == 0 ? serialize(future) : Bytes(), 0);
  job(1, [&](Store&) {
    auto const here = deserialize<Future<int>>(never);
    EXPECT_FALSE(here.done());
    auto const text = error_of<BrokenFuture>([&] { (void)here.result(); });
    EXPECT_THAT(text, testing::AllOf(HasSubstr("session " + here.key().text().substr(0, 36)),
                                     HasSubstr("rank 0 of " + std::to_string(size)), HasSubstr("never be set")));
    EXPECT_THROW(here.wait(1ms), BrokenFuture);
    EXPECT_THROW(here.set_result(1), BrokenFuture);
  });
}

TEST_F(Restart, RefusesToSetWhatAnEarlierJobHasSet) {
  Future<std::string> future;
  job(1, [&](Store& store) {
    future = store.future<std::string>();
    future.set_result("first");
  });
  auto const old = share(rank == 0 ? serialize(future) : Bytes(), 0);
  job(1, [&](Store&) {
    auto const here = deserialize<Future<std::string>>(old);
    EXPECT_TRUE(here.done());
    EXPECT_THROW(here.set_result("second"), AlreadySet);
    EXPECT_EQ(here.result(), "first");
  });
}

TEST_F(Restart, CarriesAFailureToALaterJob) {
  Future<int> future;  // of rank 0
  job(1, [&](Store& store) {
    future = store.future<int>();
    future.set_exception(std::out_of_range("step 7 diverged"));
  });
  job(1, [&](Store&) {
    EXPECT_THAT(error_of<RemoteError>([&] { (void)deserialize<Future<int>>(serialize(future)).result(); }),
                HasSubstr("step 7 diverged"));
  });
}

/// Rows that all ranks of one job put are read by half as many of the next, by a proxy that was saved.
void Restart::find_an_array(mpi::CollectiveOptions const& options) {
  Bytes saved;
  auto const rows = static_cast<std::size_t>(size);
  job(size, [&](Store& store) {
    auto const made =
        share(rank == 0 ? mpi::collective_future<double>(store, options) : mpi::CollectiveFuture<double>(), 0);
    Array<double> row(Shape{1, 4});
    std::fill(row.begin(), row.end(), rank);
    made.put(MPI_COMM_WORLD, std::move(row),
             {.global_shape = {rows, 4}, .offset = {static_cast<std::size_t>(rank), 0}});
    saved = serialize(made.proxy());
  });
  job(std::max(1, size / 2), [&](Store&) {
    auto const proxy = deserialize<mpi::RegionProxy<double>>(saved);
    EXPECT_EQ(proxy.file().empty(), options.directory.empty());
    auto const all = proxy.region({0, 1}, {rows, 2});
    for (std::size_t of = 0; of < rows; ++of) EXPECT_EQ(all(of, 1), of);
  });
}

TEST_F(Restart, FindsAnArrayThatManyRanksPutTogether) { find_an_array({}); }

#ifdef PROXYSTORE_HAVE_H5
TEST_F(Restart, FindsAnArrayThatManyRanksWroteIntoOneFile) { find_an_array({.directory = directory / "arrays"}); }
#endif

TEST_F(Restart, FindsNothingOfWhatWasEvicted) {
  std::vector<std::string> keys(2);
  job(size, [&](Store& store) {
    keys = {store.put(std::string("by its rank")).text(), store.put(std::string("by another")).text()};
  });
  auto const all = gather(keys);  // evicted below, by a later job; within one job next
  Key mine, others;
  job(size, [&](Store& store) {
    if (rank == 0) {
      store.evict(Key(all[0][0]));
      store.evict(Key(all[static_cast<std::size_t>(last)][1]));
      EXPECT_EQ(store.get<std::string>(Key(all[0][0])), std::nullopt);
    }
    mine = store.put(std::string("mine"));
    store.put(std::string("stays"));
  });
  auto const second = gather(mine.text());
  job(size, [&](Store& store) {
    EXPECT_FALSE(store.exists(Key(all[0][0])));
    EXPECT_FALSE(store.exists(Key(all[static_cast<std::size_t>(last)][1])));
    EXPECT_EQ(store.get<std::string>(Key(all[0][1])),
              last == 0 ? std::nullopt : std::optional<std::string>("by another"));
    EXPECT_EQ(store.get<std::string>(Key(second[0])), "mine");
  });
}

TEST_F(Restart, RemembersWhatAnotherRankOfTheJobEvicted) {
  Key key;
  std::string evicted;
  MPI_Comm comm = MPI_COMM_WORLD;
  {
    Store store = Store::open("restarted", mpi::parallel_file(comm, {.directory = directory / "store"}));
    key = store.put("of rank " + std::to_string(rank));
    store.put(std::string("stays"));
    auto const keys = gather(key.text());
    auto const next = static_cast<std::size_t>((rank + 1) % size);
    meet();
    store.evict(Key(keys[next]));
    meet();
    EXPECT_EQ(store.get<std::string>(key), std::nullopt);
    evicted = key.text();
  }
  job(1, [&](Store& store) { EXPECT_FALSE(store.exists(Key(evicted))); });
}

TEST_F(Restart, RemovesTheFilesOfWhichALaterJobEvictsEverything) {
  std::vector<std::string> keys;
  job(1,
      [&](Store& store) {
        for (int i = 0; i < 20; ++i) keys.push_back(store.put(std::string(20'000, 'x')).text());
      },
      {.segment = 128 << 10U});
  if (rank == 0) {
    EXPECT_GE(files(".seg").size(), 3U);
  }
  meet();
  job(1, [&](Store& store) {
    for (auto const& key : keys) store.evict(Key(key));
  });
  if (rank == 0) {
    EXPECT_TRUE(files(".seg").empty());
  }
}

TEST_F(Restart, ReportsWhatIsNotIntactAndGivesTheRest) {
  std::vector<std::string> keys;
  job(1, [&](Store& store) {
    for (int i = 0; i < 3; ++i) keys.push_back(store.put(std::string(10'000, static_cast<char>('a' + i))).text());
  });
  if (rank == 0) {
    std::fstream file(files(".seg").at(0), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(128 + (128 + 10'048) + 128 + 5000);
    file.put('!');
  }
  meet();
  job(1, [&](Store& store) {
    EXPECT_EQ(store.get<std::string>(Key(keys[0])), std::string(10'000, 'a'));
    EXPECT_THAT(error_of<CorruptObject>([&] { (void)store.get<std::string>(Key(keys[1])); }),
                testing::AllOf(HasSubstr(keys[1]), HasSubstr("not intact"), HasSubstr(".seg")));
    EXPECT_EQ(store.get<std::string>(Key(keys[2])), std::string(10'000, 'c'));
  });
}

TEST_F(Restart, FindsNoKeyOfAJobThatItsDirectoryNeverSaw) {
  job(1, [&](Store& store) {
    Key const key("01234567-89ab-4cde-8f01-23456789abcd.0.1.1");
    EXPECT_FALSE(store.exists(key));
    EXPECT_EQ(store.connector().deferrable()->wait(key, patience), State::gone);
    EXPECT_NO_THROW(store.evict(key));
  });
}

TEST_F(Restart, MakesOneFileForManyObjectsOfARankAndNoneForARankWithout) {
  job(size, [&](Store& store) {
    for (int i = 0; rank != last && i < 500; ++i) store.put(std::string(100, 'x'));
  });
  if (rank == 0) {
    EXPECT_EQ(files(".seg").size(), static_cast<std::size_t>(last));
    EXPECT_EQ(files(".session").size(), 1U);
  }
}
