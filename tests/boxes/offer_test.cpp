// What ranks offer as their parts of an array, and whether that makes a whole.
#include "cuts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <proxystore/error.hpp>

#include "offer.hpp"

namespace {

using namespace cuts;
using namespace proxystore::mpi::detail;
using proxystore::InvalidArgument;
using proxystore::Key;
using proxystore::mpi::Placement;
using testing::HasSubstr;

Block block_of(Shape shape, Placement where) {
  Block block;
  block.dtype = proxystore::npy::dtype_of<Cell>();
  block.shape = std::move(shape);
  block.where = std::move(where);
  return block;
}
Offer offer(Block const& block) { return offer_of(Key("future"), {}, block); }

std::vector<Offer> offers_of(Shape const& shape, std::vector<Box> const& parts) {
  std::vector<Offer> offers;
  for (auto const& part : parts) offers.push_back(offer(block_of(part.shape, {shape, part.offset})));
  return offers;
}

/// The text of what one of the ranks throws; empty if none does.
std::string verdict_on(std::vector<Offer> const& offers) {
  for (std::size_t rank = 0; rank < offers.size(); ++rank) {
    try {
      require_whole(offers, rank);
    } catch (InvalidArgument const& error) {
      return error.what();
    }
  }
  return {};
}

std::string refusal_of(Block const& block) {
  try {
    (void)offer(block);
  } catch (InvalidArgument const& error) {
    return error.what();
  }
  return {};
}

TEST(Offers, MakeAWholeIfEachElementIsInOneOfThem) {
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    auto const shape = random_shape(random);
    auto parts = random_parts(shape, 1 + below(9, random), random);
    EXPECT_EQ(verdict_on(offers_of(shape, parts)), "");

    auto& part = parts[below(parts.size(), random)];  // moved or cut, it is a whole no more, unless it was empty
    part = random_region(shape, random);
    std::vector<int> owners;
    for_each_index(shape, [&](Shape const& index) {
      owners.push_back(
          static_cast<int>(std::count_if(parts.begin(), parts.end(), [&](Box const& box) { return has(box, index); })));
    });
    bool const whole = std::all_of(owners.begin(), owners.end(), [](int n) { return n == 1; });
    EXPECT_EQ(verdict_on(offers_of(shape, parts)).empty(), whole);
  }
}

TEST(Offers, OfAllRanksBecomeALayoutOfThoseThatAreNotEmpty) {
  Shape const shape{4, 3};
  auto const layout = layout_of(offers_of(shape, {{{0, 0}, {4, 0}}, {{0, 0}, {1, 3}}, {{1, 0}, {3, 3}}}));
  EXPECT_EQ(layout.shape, shape);
  ASSERT_EQ(layout.pieces.size(), 2U);
  EXPECT_EQ(layout.pieces[1].box, (Box{{1, 0}, {3, 3}}));
}

TEST(Offers, SayWhatIsWrongBetweenThem) {
  EXPECT_THAT(verdict_on(offers_of({4}, {{{0}, {3}}, {{2}, {2}}})),
              HasSubstr("rank 0 and that of rank 1 overlap in [2:3]"));
  EXPECT_THAT(verdict_on(offers_of({4}, {{{0}, {2}}, {{3}, {1}}})), HasSubstr("have 3 elements"));
  auto offers = offers_of({4}, {{{0}, {2}}, {{2}, {2}}});
  offers[1].future = Key("another");
  EXPECT_THAT(verdict_on(offers), HasSubstr("different arrays"));
  offers = offers_of({4}, {{{0}, {2}}, {{2}, {2}}});
  offers[1].array.kind = 'f';
  EXPECT_THAT(verdict_on(offers), HasSubstr("different types"));
  offers = offers_of({4}, {{{0}, {2}}});
  offers.push_back(offer(block_of({2}, {{5}, {2}})));
  EXPECT_THAT(verdict_on(offers), HasSubstr("4 and 5"));
}

TEST(Offers, AreRefusedWhereABlockDoesNotFit) {
  EXPECT_THAT(refusal_of(block_of({2}, {{}, {}})), HasSubstr("0 axes"));
  EXPECT_THAT(refusal_of(block_of({2}, {Shape(33, 1), Shape(33, 0)})), HasSubstr("33 axes"));
  EXPECT_THAT(refusal_of(block_of({2}, {{4}, {3}})), HasSubstr("does not lie in the array of 4"));
  EXPECT_THAT(refusal_of(block_of({2, 2}, {{4}, {0}})), HasSubstr("does not lie in the array of 4"));
  EXPECT_THAT(refusal_of(block_of({2}, {{4}, {}})), HasSubstr("does not lie in the array of 4"));
  EXPECT_THAT(refusal_of(block_of({4}, {{4}, {0}, Box{{2}, {3}}})), HasSubstr("the interior [2:5]"));
  EXPECT_THROW((void)offer(block_of({1, 1}, {{std::size_t{1} << 40U, std::size_t{1} << 40U}, {0, 0}})), InvalidArgument)
      << "too many elements to count";
}

TEST(Offers, OfARankWithoutAPartNeedNotFit) {
  EXPECT_EQ(refusal_of(block_of({0}, {{4, 4}, {}})), "");
  EXPECT_EQ(offer(block_of({0}, {{4, 4}, {9, 9}})).piece().box, (Box{{0, 0}, {0, 0}}));
}

}  // namespace
