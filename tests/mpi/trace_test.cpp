// One trace of all ranks that close a store together: who is in it, and whether their clocks agree.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "world.hpp"

namespace {

using namespace world;

class Tracing : public Ranks {
 protected:
  void TearDown() override {
    meet();
    if (rank == 0) std::filesystem::remove(file_);
    Ranks::TearDown();
  }

  Store open(bool traces) {
    StoreOptions options;
    if (traces) options.trace = file_;
    return Store::open("traced", mpi::rma(MPI_COMM_WORLD, {.capacity = 4 * MiB}), std::move(options));
  }
  /// The lines of the file that hold all of the parts.
  std::vector<std::string> events(std::vector<std::string> const& parts) const {
    std::vector<std::string> found;
    std::ifstream in(file_, std::ios::binary);
    for (std::string line; std::getline(in, line);)
      if (std::all_of(parts.begin(), parts.end(), [&](auto const& part) { return line.find(part) != line.npos; }))
        found.push_back(line);
    return found;
  }
  static double number(std::string const& line, std::string const& name) {
    auto const at = line.find('"' + name + "\":");
    return at == line.npos ? -1 : std::strtod(line.c_str() + at + name.size() + 3, nullptr);
  }

  std::string const file_ =
      share((std::filesystem::temp_directory_path() / ("trace." + make_uuid_key().text() + ".json")).string(), 0);
};

}  // namespace

TEST_F(Tracing, AllRanksAreInOneFileWhenTheStoreIsClosed) {
  {
    auto store = open(true);
    std::vector<Future<std::vector<int>>> futures;
    for (int i = 0; i < 3; ++i) futures.push_back(store.future<std::vector<int>>());
    futures = deserialize<std::vector<Future<std::vector<int>>>>(share(serialize(futures), 0));
    if (rank == last)
      for (auto const& future : futures) future.set_result(std::vector<int>(1000, rank));
    for (auto const& future : futures) EXPECT_EQ(future.result(patience).size(), 1000U);
    store.close();
  }
  if (rank != 0) return;
  EXPECT_EQ(events({"traceEvents"}).size(), 1U);
  for (int r = 0; r < size; ++r)
    EXPECT_EQ(events({"process_name", "rank " + std::to_string(r) + " of " + std::to_string(size)}).size(), 1U);
  auto const sets = events({R"("name":"set")", "\"medium\":\"rma\""});
  auto const resolves = events({R"("name":"resolve")", "\"made\":\"trace_test.cpp:"});
  EXPECT_EQ(events({R"("name":"made")"}).size(), 3U * static_cast<std::size_t>(size))
      << "each rank makes three, and rank 0's are used";
  ASSERT_EQ(sets.size(), 3U);
  EXPECT_EQ(resolves.size(), 3U * static_cast<std::size_t>(size));
  EXPECT_EQ(events({R"("ph":"s")"}).size(), 3U);
  EXPECT_EQ(events({R"("ph":"f")"}).size(), resolves.size());
  // No one holds an object before it is set, if the clocks agree; those of two nodes to a fraction of a round trip.
  for (auto const& set : sets) {
    auto const key = set.substr(set.find("\"key\":"), set.find(",\"made\"") - set.find("\"key\":"));
    for (auto const& resolve : events({R"("name":"resolve")", key}))
      EXPECT_GT(number(resolve, "ts") + number(resolve, "dur"), number(set, "ts") - 500) << set << "\n" << resolve;
  }
}

TEST_F(Tracing, RanksThatDoNotTraceAreLeftOut) {
  open(rank == 0).close();
  if (rank == 0) {
    EXPECT_EQ(events({"process_name"}).size(), 1U);
    std::filesystem::remove(file_);
  }
  meet();
  open(rank != 0 || size == 1).close();
  if (rank == 0) {
    EXPECT_EQ(std::filesystem::exists(file_), size == 1) << "rank 0 decides";
  }
}

TEST_F(Tracing, StoresOneAfterTheOtherShareTheFile) {
  for (int i = 0; i < 2; ++i) {
    auto store = open(true);
    (void)store.put(rank);
  }
  if (rank == 0) {
    EXPECT_EQ(events({R"("name":"put")"}).size(), 2U * static_cast<std::size_t>(size));
  }
}
