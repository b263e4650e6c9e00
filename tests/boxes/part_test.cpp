// Parts of objects: what of an array they are, beside a model that looks at each cell, and what is refused.
#include "cuts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <proxystore/error.hpp>

#include "box.hpp"
#include "part.hpp"

namespace {

using namespace cuts;
using proxystore::CorruptObject;
using proxystore::ObjectPart;
namespace parts = proxystore::mpi::detail;

std::vector<Cell> cells_in(ObjectPart const& part, std::span<std::byte const> object) {
  std::vector<Cell> cells(part.size() / sizeof(Cell));
  parts::pack(part, object, std::as_writable_bytes(std::span(cells)));
  return cells;
}

TEST(Parts, AreTheCellsOfABox) {
  int looked_at = 0;
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    auto const shape = random_shape(random);
    auto const box = random_region(shape, random);
    if (parts::empty(box)) continue;
    ++looked_at;
    std::size_t const prefix = below(4, random);
    std::vector<Cell> object(prefix, Cell{-1}), expected;
    for_each_index(shape, [&](Shape const& index) {
      object.push_back(cell_of(shape, index, 7));
      if (has(box, index)) expected.push_back(object.back());
    });
    auto const bytes = std::as_bytes(std::span(object));
    auto const part = parts::part_of(box, shape, sizeof(Cell), prefix * sizeof(Cell));
    ASSERT_EQ(part.object, bytes.size());
    ASSERT_TRUE(part.fits());
    ASSERT_EQ(cells_in(part, bytes), expected);
    auto const heard = parts::parse_part(parts::write_part(part));
    EXPECT_EQ(heard.axes, part.axes);
    EXPECT_EQ(cells_in(heard, bytes), expected);
  }
  EXPECT_GT(looked_at, 100);
}

TEST(Parts, AreOneRowWhereTheBoxIsContiguous) {
  EXPECT_TRUE(parts::part_of({{1, 0, 0}, {2, 5, 6}}, {4, 5, 6}, 8, 0).axes.empty());
  EXPECT_TRUE(parts::part_of({{1, 2, 3}, {1, 1, 2}}, {4, 5, 6}, 8, 0).axes.empty());
  auto const planes = parts::part_of({{0, 1, 0}, {4, 2, 6}}, {4, 5, 6}, 8, 128);
  EXPECT_EQ(planes.row, 2U * 6 * 8);
  EXPECT_EQ(planes.axes, (std::vector<ObjectPart::Axis>{{4, 5 * 6 * 8}}));
  EXPECT_EQ(planes.begin, 128U + 6 * 8);
}

TEST(Parts, ThatDoNotFitAreRefused) {
  constexpr auto huge = ~std::size_t{0};
  for (ObjectPart const& good :
       {ObjectPart{{}, 100, 0, 100, {}}, ObjectPart{{}, 100, 100, 0, {}}, ObjectPart{{}, 100, 4, 1, {{96, 1}}},
        ObjectPart{{}, 100, 0, 4, {{10, 10}, {2, 6}}}, ObjectPart{{}, 100, 0, 4, {{0, huge}}}})
    EXPECT_EQ(parts::parse_part(parts::write_part(good)).size(), good.size());
  for (ObjectPart const& bad :
       {ObjectPart{{}, 100, 0, 101, {}}, ObjectPart{{}, 100, 101, 0, {}}, ObjectPart{{}, 100, 4, 1, {{97, 1}}},
        ObjectPart{{}, 100, 0, 4, {{10, 10}, {2, 7}}}, ObjectPart{{}, 100, 0, 1, {{2, huge}}},
        ObjectPart{{}, 100, 0, 1, {{huge, 0}}}, ObjectPart{{}, 100, 0, 0, {{huge, 0}}},
        ObjectPart{{}, 100, 0, 10, {{6, 0}, {6, 0}}}, ObjectPart{{}, 100, huge, huge, {}}}) {
    EXPECT_FALSE(bad.fits());
    EXPECT_THROW((void)parts::parse_part(parts::write_part(bad)), CorruptObject);
  }
}

TEST(Parts, ThatAreCutOffAreRefused) {
  auto said = parts::write_part({{}, 100, 0, 4, {{10, 10}, {2, 6}}});
  while (!said.empty()) {
    said.pop_back();
    if (said.size() != 5 * 8 && said.size() != 3 * 8) {
      EXPECT_THROW((void)parts::parse_part(said), CorruptObject) << said.size();
    }
  }
  ObjectPart deep{{}, 100, 0, 1, std::vector<ObjectPart::Axis>(65, {1, 0})};
  EXPECT_THROW((void)parts::parse_part(parts::write_part(deep)), CorruptObject) << "more axes than arrays have";
}

}  // namespace
