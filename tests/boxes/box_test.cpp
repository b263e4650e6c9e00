// Boxes and copies between arrays, beside a model that looks at each cell.
#include "cuts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "box.hpp"

namespace {

using namespace cuts;
namespace boxes = proxystore::mpi::detail;

/// A block in an array: up to two cells more on each side of each axis.
struct Place {
  Shape whole, inside;
};
Place place_of(Shape const& extent, Random& random) {
  Place place{extent, Shape(extent.size())};
  for (std::size_t axis = 0; axis < extent.size(); ++axis) {
    place.inside[axis] = below(3, random);
    place.whole[axis] += place.inside[axis] + below(3, random);
  }
  return place;
}

std::vector<Cell> numbered(Shape const& shape) {
  std::vector<Cell> cells;
  for_each_index(shape, [&](Shape const& index) { cells.push_back(cell_of(shape, index, 1)); });
  return cells;
}

TEST(Boxes, CopyTheCellsOfABoxAndNoOthers) {
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    auto const extent = random_shape(random);
    auto const from = place_of(extent, random), to = place_of(extent, random);
    auto const source = numbered(from.whole);
    std::vector<Cell> target(numbered(to.whole).size(), 0), expected = target;
    boxes::copy({std::as_bytes(std::span(source)), from.whole, from.inside, std::as_writable_bytes(std::span(target)),
                 to.whole, to.inside},
                extent, sizeof(Cell));
    for_each_index(extent, [&](Shape const& index) {
      expected[static_cast<std::size_t>(cell_of(to.whole, sum(to.inside, index), 0))] =
          source[static_cast<std::size_t>(cell_of(from.whole, sum(from.inside, index), 0))];
    });
    ASSERT_EQ(target, expected);
  }
}

TEST(Boxes, MeetInTheCellsThatBothHave) {
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    auto const shape = random_shape(random);
    auto const a = random_region(shape, random), b = random_region(shape, random);
    auto const both = boxes::meet(a, b);
    EXPECT_EQ(both, boxes::meet(b, a));
    std::size_t shared = 0;
    for_each_index(shape, [&](Shape const& index) {
      bool const in_both = has(a, index) && has(b, index);
      shared += in_both ? 1 : 0;
      ASSERT_EQ(both && has(*both, index), in_both);
    });
    EXPECT_EQ(both ? boxes::volume(*both) : 0, shared);
  }
}

TEST(Boxes, AreContiguousIfTheirCellsFollowEachOther) {
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    auto const shape = random_shape(random);
    auto const box = random_region(shape, random);
    if (boxes::empty(box)) continue;
    Cell const first = cell_of(shape, box.offset, 0);
    EXPECT_EQ(static_cast<std::size_t>(first), boxes::index_of(shape, box.offset));
    bool follow = true;
    Cell next = first;
    for_each_index(box.shape,
                   [&](Shape const& index) { follow &= cell_of(shape, sum(box.offset, index), 0) == next++; });
    EXPECT_EQ(boxes::is_contiguous(box, shape), follow);
  }
}

TEST(Boxes, LieWithinAnArrayOrNot) {
  constexpr auto most = std::numeric_limits<std::size_t>::max();
  EXPECT_TRUE(boxes::within({{0, 0}, {2, 3}}, {2, 3}));
  EXPECT_TRUE(boxes::within({{2, 3}, {0, 0}}, {2, 3})) << "empty, at its end";
  EXPECT_FALSE(boxes::within({{1, 0}, {2, 3}}, {2, 3}));
  EXPECT_FALSE(boxes::within({{0}, {2}}, {2, 3})) << "fewer axes";
  EXPECT_FALSE(boxes::within({{0, 0}, {2}}, {2, 3}));
  EXPECT_FALSE(boxes::within({{most}, {2}}, {2})) << "a sum that overflows";
  EXPECT_FALSE(boxes::within({{1}, {most}}, {2}));
}

TEST(Boxes, AreWrittenAsPythonHasThem) {
  EXPECT_EQ(boxes::to_string(Box{{2, 0}, {3, 8}}), "[2:5, 0:8]");
  EXPECT_EQ(boxes::to_string(Shape{5, 8}), "5 x 8");
  EXPECT_EQ(boxes::to_string(Shape{}), "a scalar");
}

}  // namespace
