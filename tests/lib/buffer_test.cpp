#include <cstdint>
#include <limits>
#include <memory>
#include <type_traits>

#include "support.hpp"

namespace {

using namespace support;

static_assert(!std::is_copy_constructible_v<Buffer> && std::is_nothrow_move_constructible_v<Buffer>);
static_assert(std::is_nothrow_copy_constructible_v<Bytes> && std::is_nothrow_move_assignable_v<Bytes>);

TEST(BytesTest, AreEmptyByDefault) {
  Bytes const bytes;
  EXPECT_TRUE(bytes.empty());
  EXPECT_EQ(bytes.size(), 0U);
  EXPECT_EQ(bytes, Bytes::copy_of(""));
}

TEST(BytesTest, CompareByContent) {
  EXPECT_EQ(bytes_of("abc"), bytes_of("abc"));
  EXPECT_NE(bytes_of("abc"), bytes_of("abd"));
  EXPECT_NE(bytes_of("abc"), bytes_of("ab"));
}

TEST(BytesTest, ShareMemoryWhenCopied) {
  Bytes const a = bytes_of(std::string(Bytes::inline_capacity + 1, 's'));
  Bytes const b = a;
  EXPECT_EQ(a.data(), b.data());
}

TEST(BytesTest, HoldSmallContentInside) {
  std::string const text(Bytes::inline_capacity, 'i');
  Bytes const a = bytes_of(text);
  Bytes const b = a;
  auto const* const inside = reinterpret_cast<std::byte const*>(&b);
  EXPECT_GE(b.data(), inside);
  EXPECT_LT(b.data(), inside + sizeof b);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(b.data()) % Bytes::inline_alignment, 0U);
  EXPECT_EQ(b.text(), text);
  EXPECT_EQ(b.slice(40).text(), text.substr(40));
}

TEST(BytesTest, KeepTheirOwnerWhileAnySliceIsHeld) {
  auto owner = std::make_shared<std::string>("hello world");
  std::weak_ptr<std::string> const watch = owner;
  Bytes slice = Bytes(std::as_bytes(std::span(*owner)), owner).slice(6);
  owner.reset();
  EXPECT_FALSE(watch.expired());
  EXPECT_EQ(slice.text(), "world");
  slice = Bytes();
  EXPECT_TRUE(watch.expired());
}

TEST(BytesTest, SliceToTheEndAndNotBeyond) {
  Bytes const bytes = bytes_of("abc");
  EXPECT_TRUE(bytes.slice(3).empty());
  EXPECT_THROW((void)bytes.slice(4), InvalidArgument);
}

TEST(BytesTest, AreEmptyAfterTheyWereMovedAway) {
  Bytes a = bytes_of("moved");
  Bytes b = std::move(a);
  EXPECT_TRUE(a.empty());  // NOLINT(bugprone-use-after-move)
  a = std::move(b);
  EXPECT_TRUE(b.empty());  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(a.text(), "moved");
}

TEST(BytesTest, SurviveAssignmentToThemselves) {
  Bytes a = bytes_of("self");
  Bytes& same = a;
  a = std::move(same);
  EXPECT_EQ(a.text(), "self");
}

TEST(BufferTest, IsAlignedBeyondItsInlineCapacity) {
  for (std::size_t const size : {std::size_t{65}, std::size_t{128}, std::size_t{1'000'003}}) {
    Buffer const buffer(size);
    EXPECT_EQ(buffer.size(), size);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.data()) % Buffer::alignment, 0U);
  }
}

TEST(BufferTest, TakesItsContentAlongWhenMoved) {
  for (std::size_t const size : {std::size_t{0}, std::size_t{5}, std::size_t{64}, std::size_t{65}, std::size_t{5000}}) {
    std::string const text(size, 'x');
    Buffer a = Buffer::copy_of(std::as_bytes(std::span(text)));
    Buffer b = std::move(a);
    Buffer c;
    c = std::move(b);
    EXPECT_EQ(a.size(), 0U);  // NOLINT(bugprone-use-after-move)
    EXPECT_EQ(std::move(c).freeze().text(), text);
  }
}

TEST(BufferTest, KeepsTheAddressOfLargeMemoryFromWritingToReading) {
  Buffer buffer(100);
  auto const* const where = buffer.data();
  Buffer moved = std::move(buffer);
  EXPECT_EQ(moved.data(), where);
  EXPECT_EQ(std::move(moved).freeze().data(), where);
}

TEST(BufferTest, IsEmptyAfterFreeze) {
  for (std::size_t const size : {std::size_t{8}, std::size_t{800}}) {
    Buffer buffer(size);
    std::memset(buffer.data(), 1, size);
    EXPECT_EQ(std::move(buffer).freeze().size(), size);
    EXPECT_EQ(buffer.size(), 0U);  // NOLINT(bugprone-use-after-move)
  }
}

TEST(BufferTest, GivesMemoryBackToTheArenaThatLentIt) {
  int given_back = 0;
  std::byte memory[8]{};
  int const arena = 0;
  {
    Buffer lent(memory, std::shared_ptr<void>(memory, [&](void*) { ++given_back; }), &arena);
    EXPECT_EQ(lent.arena(), &arena);
    EXPECT_EQ(lent.data(), memory);
    Bytes const frozen = std::move(lent).freeze();
    EXPECT_EQ(frozen.data(), memory);
    EXPECT_EQ(lent.arena(), nullptr);  // NOLINT(bugprone-use-after-move)
    EXPECT_EQ(given_back, 0);
  }
  EXPECT_EQ(given_back, 1);
}

TEST(BufferTest, DropsWhatItHeldWhenAssignedTo) {
  int given_back = 0;
  std::byte memory[8]{};
  Buffer buffer(memory, std::shared_ptr<void>(memory, [&](void*) { ++given_back; }), nullptr);
  buffer = Buffer(3);
  EXPECT_EQ(given_back, 1);
  EXPECT_EQ(buffer.size(), 3U);
}

TEST(BufferTest, ThrowsBadAllocForMoreThanThereIs) {
  EXPECT_THROW(Buffer{std::numeric_limits<std::size_t>::max()}, std::bad_alloc);
}

TEST(HeapTest, IsAnAllocator) { EXPECT_EQ(heap().allocate(70).size(), 70U); }

}  // namespace
