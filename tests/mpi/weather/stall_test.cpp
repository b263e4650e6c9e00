// What waits for a rank that computes, row by row of the table in docs/design.md: without a thread until that rank is
// called, with one not at all. Of two ranks on two nodes; rank 0 computes until rank 1 has seen what it had to, and
// tells so by a file, as neither calls the library or MPI for it.
#include <filesystem>
#include <fstream>

#include "../world.hpp"

namespace {

using namespace world;

bool by_thread() {
  int level = 0;
  MPI_Query_thread(&level);
  return level == MPI_THREAD_MULTIPLE;
}

class Stalls : public Ranks {
 protected:
  static constexpr auto stall = 300ms;  // of which no answer comes, where none can

  Stalls() : folder_(share(rank == 0 ? new_folder() : std::string(), 0)) {}
  void TearDown() override {
    Ranks::TearDown();
    store.close();
    if (rank == 0) std::filesystem::remove_all(folder_);
  }

  /// `work` at rank 1, while rank 0 computes: from before it begins until after it has ended.
  template <class Work>
  void while_rank_0_computes(Work const& work) {
    auto const begun = folder_ / "begun", seen = folder_ / "seen";
    (void)share(rank, 1);  // rank 1 has heard all that rank 0 said before
    if (rank == 0) {
      happen(begun);
      Deadline const until(patience);
      while (!std::filesystem::exists(seen) && !until.expired()) continue;
      EXPECT_FALSE(until.expired()) << "rank 1 did not come to an end";
    } else {
      while (!std::filesystem::exists(begun)) store.progress();
      work();
      happen(seen);
    }
    meet();
    if (rank == 0) std::filesystem::remove(begun), std::filesystem::remove(seen);
  }
  /// That `call` stalls, or with a thread returns.
  template <class Call>
  void expect_stall(char const* what, Call const& call) {
    if (by_thread()) {
      EXPECT_NO_THROW(call()) << what;
    } else {
      EXPECT_THROW(call(), Timeout) << what;
    }
  }
  std::chrono::milliseconds limit() const { return by_thread() ? patience : stall; }

  Store store = Store::open("stalling", mpi::rma(MPI_COMM_WORLD, {.capacity = 4 * MiB,
                                                                  .transfer = mpi::RmaOptions::Transfer::messages,
                                                                  .reply_timeout = limit()}));

 private:
  static std::string new_folder() {
    auto name = (std::filesystem::temp_directory_path() / "stalls.XXXXXX").string();
    return mkdtemp(name.data()) ? name : "";
  }
  static void happen(std::filesystem::path const& event) { std::ofstream{event}; }

  std::filesystem::path const folder_;  // that both hosts see
};

}  // namespace

TEST_F(Stalls, HoldUpWhoLooksForWhatTheNodeOfTheHomeHasSet) {
  auto const key = share(std::string(rank == 0 ? store.put(std::string("there")).text() : ""), 0);
  auto const future = share(store.future<int>(), 0);
  if (rank == 0) future.set_result(5);
  while_rank_0_computes([&] {
    expect_stall("get", [&] { EXPECT_EQ(store.get<std::string>(Key(key)), "there"); });
    expect_stall("result", [&] { EXPECT_EQ(future.result(limit()), 5); });
  });
  EXPECT_EQ(future.result(patience), 5);
}

TEST_F(Stalls, HoldUpWhoSetsOrEvictsAtTheHomeAndWhoWaitsForIt) {
  auto const key = share(std::string(rank == 0 ? store.put(std::string("evicted")).text() : ""), 0);
  auto const future = share(store.future<int>(), 0);
  while_rank_0_computes([&] {
    expect_stall("set", [&] { future.set_result(5); });
    expect_stall("result", [&] { EXPECT_EQ(future.result(limit()), 5); });
    expect_stall("evict", [&] { store.evict(Key(key)); });
  });
  EXPECT_EQ(future.result(patience), 5) << "what the home was told, it does when it is called";
  Deadline const until(patience);
  while (store.exists(Key(key)) && !until.expired()) store.progress();
  EXPECT_FALSE(store.exists(Key(key)));
  meet();
}

TEST_F(Stalls, HoldUpWhoPullsBytesThatLieThere) {
  constexpr std::size_t bytes = 500'000;
  auto const future = share(store.future<std::string>(), 1);  // rank 1 is home, and rank 0 has the bytes
  if (rank == 0) future.set_result(std::string(bytes, 'x'));
  while_rank_0_computes([&] {
    EXPECT_TRUE(future.done());
    expect_stall("result", [&] { EXPECT_EQ(future.result(limit()).size(), bytes); });
  });
  EXPECT_EQ(future.result(patience), std::string(bytes, 'x'));
  meet();
}

TEST_F(Stalls, HoldUpWhoPullsAPartOfBytesThatLieThere) {
  constexpr std::size_t bytes = 500'000;
  Key const key(share(std::string(rank == 0 ? store.connector().put(filled(bytes, 5)).text() : ""), 0));
  ObjectPart const part{key, bytes, 0, 100'000, {}};
  std::size_t came = 0;
  auto const get = [&] {
    store.connector().get_parts({&part, 1}, [&](std::size_t, std::optional<PartBytes> const& rows) {
      came = rows && is_filled(rows->bytes.span(), 5) ? rows->bytes.size() : 0;
    });
  };
  while_rank_0_computes([&] { expect_stall("part", get); });
  get();
  EXPECT_EQ(came, rank == 0 ? bytes : 100'000);
  meet();
}

TEST_F(Stalls, HoldUpNobodyWhereTheRankOnlyConsumes) {
  auto const future = share(store.future<int>(), 1), other = share(store.future<int>(), 1);
  auto const key = share(std::string(rank == 1 ? store.put(std::string("read")).text() : ""), 1);
  if (rank == 0) {
    EXPECT_THROW(future.wait(1ms), Timeout) << "it is told of it by letter";
    EXPECT_EQ(store.get<std::string>(Key(key)), "read") << "and of an eviction";
  }
  while_rank_0_computes([&] {
    future.set_result(7);
    EXPECT_EQ(future.result(stall), 7);
    store.evict(Key(key));
    EXPECT_FALSE(store.exists(Key(key)));
    EXPECT_THROW(other.wait(1ms), Timeout) << "for nobody has set it";
  });
  EXPECT_EQ(future.result(patience), 7);
  meet();
}
