// Parts of objects between nodes: what crosses is what regions have in common with blocks. Holds on one node as well,
// where nothing crosses.
#include "collective.hpp"

#include <atomic>
#include <set>
#include <thread>

namespace {

using namespace world;

/// The number after `title` in a report; 0 on one node.
std::size_t number(Store& of, std::string const& title) {
  auto const report = of.report();
  auto const at = report.find(title);
  return at == std::string::npos ? 0 : std::stoul(report.substr(at + title.size()));
}

class Regions : public RanksWithStore {
 protected:
  std::vector<std::string> const node_of = gather(processor());
  bool is_far(int other) const {
    return node_of[static_cast<std::size_t>(other)] != node_of[static_cast<std::size_t>(rank)];
  }
  std::size_t moved() { return number(store, "bytes of parts: "); }
  std::size_t pulled() { return number(store, "pulled by this rank: ") + number(store, ", read: "); }
  /// Rows of less than 512 bytes are not read one by one from a window over the nodes: the object comes whole.
  bool const by_window = store.report().find("objects read them") != std::string::npos;

  mpi::CollectiveFuture<Cell> future(Store& of, int maker) {
    return share(rank == maker ? mpi::collective_future<Cell>(of) : mpi::CollectiveFuture<Cell>(), maker);
  }
  /// All ranks put an array of `shape`, cut on its first axis.
  mpi::RegionProxy<Cell> put_slabs(Store& of, Shape const& shape, bool ghosts = true) {
    auto const made = future(of, 0);
    Random random(static_cast<std::uint64_t>(rank) + 1);
    auto block = block_of(shape, slab(shape, rank), salt, ghosts, random, of.connector());
    made.put(MPI_COMM_WORLD, std::move(block.array), block.where);
    return made.proxy();
  }
  Box slab(Shape const& shape, int of) const {
    auto const begin = shape[0] * static_cast<std::size_t>(of) / static_cast<std::size_t>(size);
    auto const end = shape[0] * static_cast<std::size_t>(of + 1) / static_cast<std::size_t>(size);
    Box box{Shape(shape.size(), 0), shape};
    box.offset[0] = begin;
    box.shape[0] = end - begin;
    return box;
  }
  /// Bytes that a region has in common with blocks of other nodes.
  std::size_t crossing(Shape const& shape, Box const& region) const {
    std::size_t cells = 0;
    for (int other = 0; other < size; ++other)
      if (is_far(other))
        for_each_index(region.shape, [&](Shape const& index) {
          cells += has(slab(shape, other), sum(region.offset, index)) ? 1 : 0;
        });
    return cells * sizeof(Cell);
  }

  static constexpr Cell salt = 1000;
};

TEST_F(Regions, MoveWhatTheyHaveInCommonWithBlocksAndNoMore) {
  std::vector<std::pair<Shape, std::vector<Box>>> const cases{
      {{30'011}, {{{13'500}, {3000}}, {{100}, {300}}}},
      {{120, 75}, {{{0, 10}, {120, 1}}, {{1, 0}, {118, 40}}, {{50, 70}, {20, 5}}}},
      {{40, 20, 30}, {{{0, 0, 29}, {40, 20, 1}}, {{10, 3, 0}, {20, 9, 30}}, {{5, 5, 5}, {30, 3, 3}}}},
      {{24, 8, 9, 10}, {{{0, 7, 0, 0}, {24, 1, 9, 10}}, {{2, 1, 1, 1}, {20, 6, 7, 8}}}}};
  for (auto const& [shape, regions] : cases) {
    SCOPED_TRACE(testing::PrintToString(shape));
    auto const proxy = put_slabs(store, shape);
    (void)proxy.shape(patience);
    auto const pulled_before = pulled(), in_use = number(store, "in use ");
    for (auto const& region : regions) {
      auto const before = moved();
      auto const cells = proxy.region(region.offset, region.shape, patience);
      EXPECT_EQ(wrong_cells(cells, shape, region.offset, salt), 0U);
      if (by_window) continue;
      EXPECT_EQ(moved() - before, crossing(shape, region));
      EXPECT_EQ(pulled(), pulled_before) << "nothing was pulled whole";
    }
    meet();
    if (!by_window) {
      EXPECT_LE(number(store, "in use "), in_use) << "nothing of it stays in the memory of a rank";
    }
    meet();
    if (rank == 0) proxy.evict();
  }
}

TEST_F(Regions, OfUnevenAndEmptyBlocksAreRight) {
  // The last rank has nearly all, the first nothing.
  Shape const shape{50, 40};
  auto const made = future(store, last);
  auto const before_last = static_cast<std::size_t>(last);
  Box part{{static_cast<std::size_t>(rank), 0}, {1, 40}};
  if (rank == 0) part.shape[0] = size == 1 ? 50 : 0;
  else part.offset[0] -= 1;
  if (rank == last && size > 1) part.shape[0] = 50 - before_last + 1;
  Random random(3);
  auto block = block_of(shape, part, salt, true, random);
  made.put(MPI_COMM_WORLD, std::move(block.array), block.where);
  Random mine(static_cast<std::uint64_t>(rank));
  for (int i = 0; i < 20; ++i) {
    auto const box = random_region(shape, mine);
    auto const region = made.proxy().region(box.offset, box.shape, patience);
    EXPECT_EQ(wrong_cells(region, shape, box.offset, salt), 0U) << testing::PrintToString(box.offset);
  }
  meet();
}

TEST_F(Regions, ComeFromTheWholeBlockWhereThatIsHereOrNearlyAllOfItIsWanted) {
  Shape const shape{static_cast<std::size_t>(size) * 10, 100};
  auto const proxy = put_slabs(store, shape, false);
  auto const parts_before = moved(), pulled_before = pulled();
  EXPECT_EQ(wrong_cells(proxy.region({0, 0}, shape, patience), shape, {0, 0}, salt), 0U);
  std::size_t whole = 0;
  for (auto const count : gather(pulled() - pulled_before)) whole += count;
  auto const nodes = std::set(node_of.begin(), node_of.end()).size();
  EXPECT_EQ(whole, (nodes - 1) * static_cast<std::size_t>(size)) << "each block once to each other node";
  Shape const column{shape[0], 1};
  EXPECT_EQ(wrong_cells(proxy.region({0, 3}, column, patience), shape, {0, 3}, salt), 0U);
  EXPECT_EQ(moved(), parts_before) << "of what lies on this node already";
  meet();
}

TEST_F(Regions, MovePartsOfEverySizeAroundThatOfLetters) {
  std::size_t const object = 20'000;
  auto const expected = filled(object, 5);
  Key const key(share(rank == last ? connector.put(filled(object, 5)).text() : "", last));
  std::vector<ObjectPart> some, small_rows;
  for (std::size_t const row : {1, 3839, 3840, 3841, 10'000}) some.push_back({key, object, 24, row, {}});
  for (std::size_t const rows : {1, 3, 9}) some.push_back({key, object, 16, 1000, {{rows, 2000}}});
  for (std::size_t const rows : {1, 7, 480, 481, 900}) small_rows.push_back({key, object, 16, 8, {{rows, 16}}});
  for (auto const& parts : {some, small_rows}) {
    std::size_t visited = 0;
    connector.get_parts(parts, [&](std::size_t i, std::optional<PartBytes> const& part) {
      ++visited;
      ASSERT_TRUE(part.has_value()) << i;
      EXPECT_EQ(part->whole, !is_far(last) || (by_window && parts[i].row == 8)) << i;
      ASSERT_EQ(part->bytes.size(), part->whole ? object : parts[i].size());
      if (part->whole) return;
      auto const [rows, stride] = parts[i].axes.empty() ? ObjectPart::Axis{1, 0} : parts[i].axes[0];
      for (std::size_t row = 0; row < rows; ++row)
        EXPECT_EQ(std::memcmp(part->bytes.data() + row * parts[i].row, expected.data() + parts[i].begin + row * stride,
                              parts[i].row),
                  0)
            << i << ", row " << row;
    });
    EXPECT_EQ(visited, parts.size());
    meet();
  }
}

TEST_F(Regions, AreNotPackedBeyondWhatARankMayHoldForOthers) {
  Store small = Store::open("small", mpi::rma(MPI_COMM_WORLD, {.capacity = 2 * MiB, .cache = 64 * 1024}));
  std::size_t const object = 400'000, row = 1000;
  Key const key(share(rank == last ? small.connector().put(filled(object, 5)).text() : "", last));
  ObjectPart const too_much{key, object, 0, row, {{66, 2 * row}}}, enough{key, object, 0, row, {{64, 2 * row}}};
  for (auto const* const part : {&enough, &too_much}) {
    if (rank != 0) break;  // one asks, so that nothing else is packed
    small.connector().get_parts({part, 1}, [&](std::size_t, std::optional<PartBytes> const& came) {
      ASSERT_TRUE(came.has_value());
      if (!by_window) {
        EXPECT_EQ(came->whole, part == &too_much || !is_far(last));
      }
      ASSERT_EQ(came->bytes.size(), came->whole ? object : part->size());
      EXPECT_EQ(std::memcmp(came->bytes.data(), filled(object, 5).data(), row), 0);
    });
  }
  meet();
}

TEST_F(Regions, MoveTheWholeOfWhatIsOtherwiseThanAPartSays) {
  Key const key(share(rank == 0 ? connector.put(filled(20'000, 5)).text() : "", 0));
  Key const gone(share(rank == 0 ? connector.put(filled(20'000, 6)).text() : "", 0));
  Key const pending(share(rank == 0 ? connector.new_key({}).text() : "", 0));
  if (rank == 0) connector.evict(gone);
  meet();
  std::vector<ObjectPart> const parts{{key, 30'000, 0, 8, {}},
                                      {gone, 20'000, 0, 8, {}},
                                      {pending, 20'000, 0, 8, {}},
                                      {Key("no key"), 20'000, 0, 8, {}}};
  connector.get_parts(parts, [&](std::size_t i, std::optional<PartBytes> const& part) {
    ASSERT_EQ(part.has_value(), i == 0) << i;
    EXPECT_TRUE(!part || (part->whole && is_filled(part->bytes.span(), 5)));
  });
  meet();
}

TEST_F(Regions, OfAnEvictedArrayAreNotFound) {
  Shape const shape{static_cast<std::size_t>(size) * 10, 100};
  auto const proxy = put_slabs(store, shape);
  EXPECT_EQ(wrong_cells(proxy.region({0, 3}, {shape[0], 1}, patience), shape, {0, 3}, salt), 0U);
  meet();
  if (rank == last) proxy.evict();
  meet();
  auto const read_on = [&] {  // a node that has a copy hears of it by message
    for (Deadline const until(patience); !until.expired();) (void)proxy.region({0, 3}, {shape[0], 1}, patience);
  };
  EXPECT_THROW(read_on(), ObjectNotFound);
  meet();
}

TEST_F(Regions, MoveOnWhenAVisitorThrows) {
  std::size_t const object = 20'000;
  Key const key(share(rank == 0 ? connector.put(filled(object, 5)).text() : "", 0));
  std::vector<ObjectPart> const parts(20, {key, object, 0, 5000, {}});
  EXPECT_THROW(connector.get_parts(parts, [](auto...) { throw std::runtime_error("the visitor's"); }),
               std::runtime_error);
  int visits = 0;
  connector.get_parts(parts, [&](std::size_t, std::optional<PartBytes> const& part) { visits += part ? 1 : 0; });
  EXPECT_EQ(visits, 20);
  meet();
}

TEST_F(Regions, EndWithTheStoreOfWhoWaitsForThem) {
  int level = 0;
  MPI_Query_thread(&level);
  if (level < MPI_THREAD_MULTIPLE) GTEST_SKIP() << "takes two threads";
  Store leaving = Store::open("leaving", mpi::rma(MPI_COMM_WORLD, {.capacity = 2 * MiB}));
  Shape const shape{static_cast<std::size_t>(size) * 10, 100};
  auto const proxy = put_slabs(leaving, shape);
  auto const others = slab(shape, (rank + 1) % size);
  std::atomic<bool> begun{false};
  std::thread reads([&] {
    auto const read_on = [&] {
      for (Deadline const until(patience); !until.expired(); begun = true)
        (void)proxy.region({others.offset[0], 3}, {10, 1}, patience);
    };
    EXPECT_THROW(read_on(), Error);
    begun = true;
  });
  while (!begun) std::this_thread::yield();
  meet();
  leaving.close();
  reads.join();
}

TEST_F(Regions, DoNotKeepAStoreFromClosingThatAreUnderWay) {
  Store leaving = Store::open("leaving", mpi::rma(MPI_COMM_WORLD, {.capacity = 2 * MiB}));
  Key const key(share(rank == last ? leaving.connector().put(filled(20'000, 5)).text() : "", last));
  std::vector<ObjectPart> const parts(100, {key, 20'000, 0, 9000, {}});
  EXPECT_THROW(leaving.connector().get_parts(parts, [](auto...) { throw std::runtime_error("the visitor's"); }),
               std::runtime_error);
  leaving.close();
}

}  // namespace
