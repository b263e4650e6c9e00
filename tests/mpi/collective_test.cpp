// Arrays put together by some ranks and read in parts by all, in memory and in a file.
#include "collective.hpp"

namespace {

using namespace world;
using testing::AllOf;
using testing::HasSubstr;
using testing::Values;

/// PROXYSTORE_TEST_SEED: of the first cut.
std::uint64_t first_seed() {
  auto const* const wanted = std::getenv("PROXYSTORE_TEST_SEED");
  return wanted ? std::stoull(wanted) : 1;
}

TEST_P(Collective, BringEveryRegionOfEveryCut) {
  for (std::uint64_t seed = first_seed(), end = seed + 10; seed < end; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);  // the same on all ranks
    int const producers = 1 + static_cast<int>(below(static_cast<std::size_t>(size), random));
    auto const shape = random_shape(random);
    auto const parts = random_parts(shape, static_cast<std::size_t>(producers), random);
    bool const ghosts = seed % 2 == 0;
    auto const salt = static_cast<Cell>(seed * 1000000);
    auto const made = future<Cell>(last);
    First const comm(producers);
    Random mine(seed * 100 + static_cast<std::uint64_t>(rank));
    if (comm.has_me()) {
      auto block = block_of(shape, parts[static_cast<std::size_t>(rank)], salt, ghosts, mine);
      made.put(comm, std::move(block.array), block.where);
    }
    for (int i = 0; i < 5; ++i) {
      auto const box = random_region(shape, mine);
      auto const region = made.proxy().region(box.offset, box.shape, patience);
      ASSERT_EQ(region.shape(), box.shape);
      ASSERT_EQ(wrong_cells(region, shape, box.offset, salt), 0U);
    }
    meet();
    if (rank == 0) made.proxy().evict();
    meet();
  }
  EXPECT_EQ(files(), 0U) << "an evicted array leaves no file";
}

TEST_P(Collective, LetConsumersWaitUntilAllBlocksAreThere) {
  auto const made = future<Cell>();
  Shape const shape{static_cast<std::size_t>(size), 4};
  if (rank == last) {
    EXPECT_THROW((void)made.proxy().region({0, 0}, shape, 20ms), Timeout);
  }
  EXPECT_FALSE(made.done());
  meet();
  auto const row = put_rows(made, 7);
  EXPECT_EQ(wrong_cells(made.proxy().region({0, 0}, shape, patience), shape, {0, 0}, 7), 0U);
  EXPECT_EQ(made.proxy().shape(patience), shape);
  EXPECT_EQ(made.proxy().file(patience).empty(), GetParam() == Medium::memory);
  EXPECT_THROW((void)made.proxy().region({0, 1}, shape, patience), InvalidArgument) << "beyond the array";
  if (rank == 0) {
    EXPECT_THROW(made.put(MPI_COMM_WORLD, row.array, row.where), AlreadySet);
  } else {
    EXPECT_THROW(made.put(MPI_COMM_WORLD, row.array, row.where), ConnectorError);
  }
  EXPECT_EQ(wrong_cells(made.proxy().region({0, 0}, shape, patience), shape, {0, 0}, 7), 0U) << "the first stays";
}

TEST_P(Collective, RefuseBlocksThatAreNoPartition) {
  auto const gap = future<Cell>(), overlap = future<Cell>();
  Shape const shape{static_cast<std::size_t>(size) + 1};
  auto const number = static_cast<std::size_t>(rank);
  EXPECT_THROW(gap.put(MPI_COMM_WORLD, Array<Cell>({1}), {.global_shape = shape, .offset = {number}}), InvalidArgument);
  if (size > 1) {
    EXPECT_THROW(overlap.put(MPI_COMM_WORLD, Array<Cell>({2}), {.global_shape = shape, .offset = {number}}),
                 InvalidArgument);
    EXPECT_THROW((void)overlap.proxy().region({0}, {1}, patience), RemoteError);
  }
  EXPECT_THROW((void)gap.proxy().region({0}, {1}, patience), RemoteError) << "the error reaches who waits";
  meet();
  EXPECT_EQ(files(), 0U);
}

TEST_P(Collective, BringTheErrorOfOneProducerToAll) {
  auto const made = future<Cell>();
  Shape const shape{static_cast<std::size_t>(size)};
  auto const number = static_cast<std::size_t>(rank);
  if (rank == last) {
    auto const error = std::make_exception_ptr(std::runtime_error("the solver diverged"));
    EXPECT_THROW(made.put_exception(MPI_COMM_WORLD, error), std::runtime_error);
  } else {
    if (rank == 0) {
      EXPECT_THROW(made.wait(50ms), Timeout) << "nobody tells before all have come";
    }
    EXPECT_THAT(error_of<ConnectorError>(
                    [&] { made.put(MPI_COMM_WORLD, Array<Cell>({1}), {.global_shape = shape, .offset = {number}}); }),
                AllOf(HasSubstr("the solver diverged"), HasSubstr("rank " + std::to_string(last))));
  }
  EXPECT_THAT(error_of<RemoteError>([&] { (void)made.proxy().region({0}, {1}, patience); }),
              HasSubstr("the solver diverged"));
  meet();
  EXPECT_EQ(files(), 0U);
}

TEST_P(Collective, GiveABlockBackThatIsNoPart) {
  auto const made = future<Cell>();
  Shape const shape{static_cast<std::size_t>(size) + 1};
  auto block = store.allocate<Cell>({1});
  block[0] = 7;
  EXPECT_THROW(made.put(MPI_COMM_WORLD, std::move(block), {shape, {static_cast<std::size_t>(rank)}}), InvalidArgument);
  ASSERT_EQ(block.size(), 1U);  // NOLINT: it is still the caller's
  EXPECT_EQ(block[0], 7);
}

TEST_P(Collective, RefuseAnotherType) {
  auto const made = future<Cell>();
  put_rows(made, 3);
  auto const proxy = deserialize<mpi::RegionProxy<double>>(serialize(made.proxy()));
  EXPECT_THAT(error_of<InvalidArgument>([&] {
                (void)proxy.region({0, 0}, {1, 1}, patience);
              }),
              AllOf(HasSubstr("i8"), HasSubstr("f8")));
  EXPECT_THROW((void)made.proxy().region({0}, {1}, patience), InvalidArgument) << "fewer axes";
  auto const nothing = made.proxy().region({0, 2}, {static_cast<std::size_t>(size), 0}, patience);
  EXPECT_EQ(nothing.shape(), (Shape{static_cast<std::size_t>(size), 0})) << "a region may be empty";
}

TEST_P(Collective, RefuseTwoArraysInOnePut) {
  if (size == 1) GTEST_SKIP() << "one rank puts one array";
  auto const one = future<Cell>(), another = future<Cell>();
  auto const number = static_cast<std::size_t>(rank);
  auto const& made = rank == last ? another : one;
  EXPECT_THAT(error_of<InvalidArgument>([&] {
                made.put(MPI_COMM_WORLD, Array<Cell>({1}), {{static_cast<std::size_t>(size)}, {number}});
              }),
              HasSubstr("different arrays"));
  EXPECT_THROW((void)one.proxy().region({0}, {1}, patience), RemoteError);
  EXPECT_THROW((void)another.proxy().region({0}, {1}, patience), RemoteError) << "nobody waits for either";
}

TEST_P(Collective, LeaveRegionsThatWereReadWhenEvicted) {
  auto const made = future<Cell>();
  put_rows(made, 5);
  Shape const shape{static_cast<std::size_t>(size), 4};
  auto const all = made.proxy().region({0, 0}, shape, patience), mine = row_of(made.proxy(), rank);
  meet();
  if (rank == last) made.proxy().evict();
  meet();
  EXPECT_EQ(files(), 0U);
  EXPECT_EQ(wrong_cells(all, shape, {0, 0}, 5), 0U);
  EXPECT_EQ(wrong_cells(mine, shape, {static_cast<std::size_t>(rank), 0}, 5), 0U);
  auto const again = deserialize<mpi::RegionProxy<Cell>>(serialize(made.proxy()));
  if (rank == last) {
    EXPECT_THROW((void)again.region({0, 0}, shape, patience), ObjectNotFound);
  }
}

TEST_P(Collective, NeverComeOnceEvicted) {
  auto const made = future<Cell>();
  if (rank == last) made.proxy().evict();
  meet();
  Shape const shape{static_cast<std::size_t>(size)};
  EXPECT_THROW(made.put(MPI_COMM_WORLD, Array<Cell>({1}), {shape, {static_cast<std::size_t>(rank)}}), Error);
  EXPECT_THROW((void)made.proxy().region({0}, {1}, patience), ObjectNotFound);
  meet();
  EXPECT_EQ(files(), 0U);
}

TEST_P(Collective, ArePutInOneStep) {
  Shape const shape{static_cast<std::size_t>(size), 4};
  Random random(1);
  auto row = block_of(shape, Box{{static_cast<std::size_t>(rank), 0}, {1, 4}}, 9, true, random, store.connector());
  auto const proxy = mpi::collective_put(store, MPI_COMM_WORLD, std::move(row.array), row.where, options);
  EXPECT_EQ(wrong_cells(proxy.region({0, 0}, shape, patience), shape, {0, 0}, 9), 0U);
  EXPECT_EQ(share(proxy.key(), 0), proxy.key()) << "one array, and one proxy of it on every rank";
}

TEST_P(Collective, OfSingleCellsOnThirtyTwoAxes) {
  auto const made = future<Cell>();
  Shape shape(32, 1), offset(32, 0);
  shape[31] = static_cast<std::size_t>(size);
  offset[31] = static_cast<std::size_t>(rank);
  Array<Cell> block(Shape(32, 1));
  block[0] = rank;
  made.put(MPI_COMM_WORLD, std::move(block), {shape, offset});
  EXPECT_EQ(wrong_cells(made.proxy().region(Shape(32, 0), shape, patience), shape, Shape(32, 0), 0), 0U);
}

INSTANTIATE_TEST_SUITE_P(Arrays, Collective, Values(Medium::memory, Medium::file),
                         static_cast<std::string (*)(testing::TestParamInfo<Medium> const&)>(name_of));

}  // namespace
