#include <complex>
#include <cstdint>
#include <limits>
#include <numeric>

#include "support.hpp"

namespace {

using namespace support;
using testing::ElementsAre;

Array<double> counting(Shape shape) {
  Array<double> array(std::move(shape));
  std::iota(array.begin(), array.end(), 0.0);
  return array;
}

Array<double> view_of(Array<double> const& array) { return deserialize<Array<double>>(serialize(array)); }

TEST(ArrayTest, HasAShapeAndContiguousElements) {
  auto const a = counting({2, 3});
  EXPECT_EQ(a.shape(), (Shape{2, 3}));
  EXPECT_EQ(a.rank(), 2U);
  EXPECT_EQ(a.size(), 6U);
  EXPECT_THAT(a, ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_EQ(a.span().data(), a.data());
}

TEST(ArrayTest, IsIndexedInCOrder) {
  auto a = counting({2, 3, 4});
  EXPECT_EQ(std::as_const(a)(1, 2, 3), 23);
  EXPECT_EQ(std::as_const(a)(1, 0, 2), 14);
  a(0, 1, 1) = -1;
  EXPECT_EQ(a[5], -1);
}

TEST(ArrayTest, IsEmptyByDefault) {
  Array<float> const a;
  EXPECT_TRUE(a.empty());
  EXPECT_EQ(a.shape(), Shape{0});
}

TEST(ArrayTest, HoldsOneElementWithoutExtents) {
  Array<int> a(Shape{});
  a[0] = 42;
  EXPECT_EQ(a.rank(), 0U);
  EXPECT_EQ(a.size(), 1U);
  EXPECT_EQ(a(), 42);
}

TEST(ArrayTest, HasNoElementsWithAnExtentOfZero) {
  EXPECT_EQ(Array<int>({3, 0, 2}).size(), 0U);
  EXPECT_EQ(Array<int>({0, std::numeric_limits<std::size_t>::max()}).size(), 0U);
}

TEST(ArrayTest, RefusesAShapeThatOverflows) {
  auto const huge = std::numeric_limits<std::size_t>::max() / 2;
  EXPECT_THROW(Array<double>(Shape{huge}), InvalidArgument);
  EXPECT_THROW(Array<double>(Shape{huge, huge}), InvalidArgument);
  EXPECT_THROW(Array<char>(Shape{1U << 31U, 1U << 31U, 8}), InvalidArgument);
}

TEST(ArrayTest, RefusesMoreDimensionsThanNumPyReads) {
  EXPECT_NO_THROW(Array<char>(Shape(64, 1)));
  EXPECT_THROW(Array<char>(Shape(65, 1)), InvalidArgument);
}

TEST(ArrayTest, AlignsItsData) {
  for (std::size_t const n : {std::size_t{0}, std::size_t{1}, std::size_t{1000}}) {
    Array<double> const a(Shape{n});
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(a.data()) % 64, 0U);
  }
}

TEST(ArrayTest, CopiesItsDataWhenItOwnsIt) {
  auto a = counting({4});
  auto b = a;
  EXPECT_NE(std::as_const(a).data(), std::as_const(b).data());
  b[0] = 9;
  EXPECT_EQ(a[0], 0);
  EXPECT_NE(a, b);
}

TEST(ArrayTest, SharesMemoryWhenAViewIsCopied) {
  auto const view = view_of(counting({4}));
  auto const copy = view;
  EXPECT_TRUE(view.is_view());
  EXPECT_EQ(view.data(), copy.data());
}

TEST(ArrayTest, CopiesAViewAtTheFirstMutableAccess) {
  auto const original = view_of(counting({2, 2}));
  auto mine = original;
  mine(1, 1) = 7;
  EXPECT_FALSE(mine.is_view());
  EXPECT_THAT(mine, ElementsAre(0, 1, 2, 7));
  EXPECT_THAT(original, ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(mine.shape(), original.shape());
}

TEST(ArrayTest, KeepsViewingWhileItIsOnlyRead) {
  auto view = view_of(counting({3}));
  auto const* const where = std::as_const(view).data();
  EXPECT_EQ(std::as_const(view)[2], 2);
  EXPECT_EQ(std::as_const(view).span().data(), where);
  EXPECT_TRUE(view.is_view());
}

TEST(ArrayTest, ViewsBytesOfItsSize) {
  std::vector<double> const values{1, 2, 3, 4, 5, 6, 7, 8};
  Bytes const bytes = Bytes::copy_of(std::as_bytes(std::span(values)));
  Array<double> const view(Shape{8}, bytes);
  EXPECT_THAT(view, ElementsAre(1, 2, 3, 4, 5, 6, 7, 8));
  EXPECT_EQ(static_cast<void const*>(view.data()), bytes.data());
  EXPECT_THROW(Array<double>(Shape{9}, bytes), InvalidArgument);
  EXPECT_THROW(Array<double>(Shape{7}, bytes), InvalidArgument);
}

TEST(ArrayTest, TakesBytesThatLieInsideTheirObjectAlong) {
  std::vector<double> const values{1, 2, 3};
  Array<double> view(Shape{3}, Bytes::copy_of(std::as_bytes(std::span(values))));
  Array<double> const copy = view;
  Array<double> const moved = std::move(view);
  EXPECT_THAT(copy, ElementsAre(1, 2, 3));
  EXPECT_THAT(moved, ElementsAre(1, 2, 3));
}

TEST(ArrayTest, HasNoElementsAfterItWasMovedAway) {
  for (auto source : {counting({5}), view_of(counting({5}))}) {
    Array<double> const taken = std::move(source);
    EXPECT_EQ(taken.size(), 5U);
    EXPECT_EQ(source.size(), 0U);  // NOLINT(bugprone-use-after-move)
    EXPECT_TRUE(source.span().empty());
    EXPECT_THROW((void)serialize(source), InvalidArgument);
    source = counting({2});
    EXPECT_THAT(source, ElementsAre(0, 1));
  }
}

TEST(ArrayTest, SurvivesAssignmentToItself) {
  auto a = counting({3});
  auto& same = a;
  a = same;
  EXPECT_THAT(a, ElementsAre(0, 1, 2));
  a = std::move(same);
  EXPECT_THAT(a, ElementsAre(0, 1, 2));
}

TEST(ArrayTest, ComparesShapeAndElements) {
  EXPECT_EQ(counting({2, 3}), view_of(counting({2, 3})));
  EXPECT_NE(counting({2, 3}), counting({3, 2}));
  EXPECT_NE(counting({6}), counting({5}));
}

TEST(ArrayTest, ReleasesItsMemoryOnceWrittenInPlace) {
  auto a = counting({100});
  auto const* const where = std::as_const(a).data();
  Bytes const object = std::move(a).release().freeze();
  EXPECT_EQ(a.size(), 0U);  // NOLINT(bugprone-use-after-move)
  auto const back = deserialize<Array<double>>(object);
  EXPECT_EQ(back.data(), where);
  EXPECT_EQ(back, counting({100}));
}

TEST(ArrayTest, NamesItsElementsAsNumPyDoes) {
  EXPECT_EQ(Array<double>::dtype(), (npy::Dtype{'f', 8}));
  EXPECT_EQ(Array<float>::dtype(), (npy::Dtype{'f', 4}));
  EXPECT_EQ(Array<bool>::dtype(), (npy::Dtype{'b', 1}));
  EXPECT_EQ(Array<std::uint8_t>::dtype(), (npy::Dtype{'u', 1}));
  EXPECT_EQ(Array<std::int64_t>::dtype(), (npy::Dtype{'i', 8}));
  EXPECT_EQ(Array<std::complex<float>>::dtype(), (npy::Dtype{'c', 8}));
}

}  // namespace
