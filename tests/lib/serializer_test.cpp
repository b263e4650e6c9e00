// Raw bytes, text, numbers, trivially copyable types and vectors of them; cereal has a file of its own.
#include <array>
#include <complex>
#include <cstdint>
#include <optional>
#include <span>

#include "support.hpp"

namespace {

using namespace support;
using testing::ElementsAre;
using testing::HasSubstr;

struct Point {
  double x, y;
  friend bool operator==(Point, Point) = default;
};
enum class Colour : std::uint8_t { red, green = 7 };
enum Old : int { old_a, old_b };

static_assert(Serializable<int> && Serializable<std::string> && Serializable<Point> && Serializable<Colour>);
static_assert(Serializable<std::vector<Point>> && Serializable<Array<float>> && Serializable<Bytes>);
static_assert(!Serializable<int*> && !Serializable<char const*> && !Serializable<char[6]>);
static_assert(!Serializable<std::span<int>> && !Serializable<std::string_view> && !Serializable<std::nullptr_t>);

template <class T>
void expect_round_trip(T const& value) {
  EXPECT_EQ(deserialize<T>(serialize(value)), value);
}

std::string_view text(Bytes const& bytes) { return bytes.text(); }

TEST(SerializerTest, WritesRawBytesBehindTheirIdentifier) {  // Python: b"\x00\xff"
  std::vector<std::byte> const value{std::byte{0}, std::byte{255}};
  EXPECT_EQ(text(serialize(value)), "BS\n\x00\xff"sv);
  expect_round_trip(value);
  expect_round_trip(std::vector<std::byte>{});
}

TEST(SerializerTest, ReadsRawBytesAsAViewToo) {
  std::string const payload(100, 'p');
  Bytes const object = bytes_of("BS\n" + payload);
  auto const view = deserialize<Bytes>(object);
  EXPECT_EQ(view.text(), payload);
  EXPECT_EQ(view.data(), object.data() + 3);
  EXPECT_EQ(text(serialize(view)), "BS\n" + payload);
  EXPECT_EQ(deserialize<Bytes>(bytes_of("BS\nsmall")).text(), "small");
}

TEST(SerializerTest, WritesTextBehindItsIdentifier) {  // Python: "Grüße"
  EXPECT_EQ(text(serialize(std::string("Grüße"))), "US\nGr\xc3\xbc\xc3\x9f\x65");
  EXPECT_EQ(text(serialize(std::string())), "US\n");
  expect_round_trip(std::string("with\0nul\nand newline", 20));
}

TEST(SerializerTest, ReadsAnIdentifierLineWithCarriageReturn) {  // Python strips white space there
  EXPECT_EQ(deserialize<std::string>(bytes_of("US\r\ntext")), "text");
}

TEST(SerializerTest, WritesNumbersWithAHeader) {
  EXPECT_EQ(text(serialize(std::int32_t{-2})), "TC\ni\x04\0\0\0\x01\0\0\0\0\0\0\0\xfe\xff\xff\xff"sv);
  EXPECT_EQ(text(serialize(1.5)), "TC\nf\x08\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\xf8?"sv);
  EXPECT_EQ(text(serialize(true)), "TC\nb\x01\0\0\0\x01\0\0\0\0\0\0\0\x01"sv);
  EXPECT_EQ(text(serialize(Colour::green)), "TC\nu\x01\0\0\0\x01\0\0\0\0\0\0\0\x07"sv);
}

TEST(SerializerTest, CarriesEveryNumber) {
  expect_round_trip(std::uint8_t{255});
  expect_round_trip(std::int64_t{-1} << 62U);
  expect_round_trip('c');
  expect_round_trip(1.25F);
  expect_round_trip(std::complex<double>(1, -1));
  expect_round_trip(false);
  expect_round_trip(Colour::green);
  expect_round_trip(old_b);
  expect_round_trip(Point{1, 2});
}

TEST(SerializerTest, WritesVectorsOfStructsWithAHeader) {
  std::vector<Point> const points{{1, 2}, {3, 4}};
  Bytes const object = serialize(points);
  EXPECT_EQ(text(object).substr(0, 16), "TC\ns\x10\0\0\0\x02\0\0\0\0\0\0\0"sv);
  EXPECT_EQ(object.size(), 16 + 2 * sizeof(Point));
  expect_round_trip(points);
  expect_round_trip(std::vector<Point>{});
  expect_round_trip(std::vector<Colour>{Colour::red, Colour::green});
}

TEST(SerializerTest, CarriesVectorsOfNumbers) {
  expect_round_trip(std::vector<double>{1, 2.5, -3});
  expect_round_trip(std::vector<int>{});
  expect_round_trip(std::vector<char>{'a', 'b'});
  expect_round_trip(std::vector<std::complex<float>>{{1, 2}, {3, 4}});
  expect_round_trip(std::vector<bool>{true, false, true});
}

TEST(SerializerTest, ReadsAVectorFromANumPyArrayOfOneDimension) {
  Array<int> a({2, 2});
  for (int& x : a) x = 1;
  EXPECT_THAT(text_of<CorruptObject>([&] { (void)deserialize<std::vector<int>>(serialize(a)); }),
              HasSubstr("one dimension"));
  Array<int> line({3});
  for (int& x : line) x = 4;
  EXPECT_THAT(deserialize<std::vector<int>>(serialize(line)), ElementsAre(4, 4, 4));
  EXPECT_EQ(deserialize<Array<int>>(serialize(std::vector<int>{5, 6})).shape(), Shape{2});
}

TEST(SerializerTest, ReadsElementsThatAreNotAligned) {
  std::vector<double> const values{1, 2, 3};
  for (std::size_t shift = 0; shift < 9; ++shift) {
    std::string shifted(shift, '.');
    shifted += text(serialize(values));
    EXPECT_EQ(deserialize<std::vector<double>>(bytes_of(shifted).slice(shift)), values);
    EXPECT_THAT(deserialize<Array<double>>(bytes_of(shifted).slice(shift)), ElementsAre(1, 2, 3));
    std::string pods(shift, '.');
    pods += text(serialize(std::vector<Point>{{1, 2}}));
    EXPECT_THAT(deserialize<std::vector<Point>>(bytes_of(pods).slice(shift)), ElementsAre(Point{1, 2}));
  }
}

TEST(SerializerTest, ViewsAlignedArraysInPlace) {
  Bytes const object = serialize(std::vector<double>{1, 2, 3});
  auto const array = deserialize<Array<double>>(object);
  EXPECT_TRUE(array.is_view());
  EXPECT_EQ(static_cast<void const*>(array.data()), object.data() + 128);
}

TEST(SerializerTest, RefusesPodsOfAnotherKindSizeOrNumber) {
  Bytes const one = serialize(std::int32_t{1});
  EXPECT_THAT(text_of<CorruptObject>([&] { (void)deserialize<float>(one); }), HasSubstr("kind 'i'"));
  EXPECT_THAT(text_of<CorruptObject>([&] { (void)deserialize<std::int64_t>(one); }), HasSubstr("size 4"));
  EXPECT_THROW((void)deserialize<std::uint32_t>(one), CorruptObject);
  EXPECT_THROW((void)deserialize<Point>(serialize(std::vector<Point>{{1, 2}, {3, 4}})), CorruptObject);
  EXPECT_THROW((void)deserialize<Point>(serialize(std::vector<Point>{})), CorruptObject);
}

TEST(SerializerTest, NamesTheOtherByteOrder) {
  std::string object(text(serialize(std::int32_t{1})));
  object[3] = 'I';
  EXPECT_THAT(text_of<CorruptObject>([&] { (void)deserialize<std::int32_t>(bytes_of(object)); }),
              HasSubstr("other byte order"));
}

TEST(SerializerTest, RefusesCountsThatDoNotFitTheBytes) {
  std::string object(text(serialize(std::vector<Point>{{1, 2}})));
  for (auto const* count :
       {"\0\0\0\0\0\0\0\0", "\2\0\0\0\0\0\0\0", "\xff\xff\xff\xff\xff\xff\xff\xff", "\1\0\0\0\0\0\0\x10"}) {
    auto lies = object;
    lies.replace(8, 8, count, 8);
    EXPECT_THROW((void)deserialize<std::vector<Point>>(bytes_of(lies)), CorruptObject);
  }
}

TEST(SerializerTest, NamesAnUnknownIdentifierAndWhatWasWanted) {
  EXPECT_THAT(text_of<CorruptObject>([] { (void)deserialize<std::string>(bytes_of("XY\npayload")); }),
              testing::AllOf(HasSubstr("'XY'"), HasSubstr("a string")));
  EXPECT_THAT(text_of<CorruptObject>([] { (void)deserialize<Array<int>>(bytes_of("PK\n\x80\x05")); }),
              HasSubstr("pickled by Python"));
  EXPECT_THAT(text_of<CorruptObject>([] { (void)deserialize<Array<int>>(bytes_of("CP\n\x80\x05")); }),
              HasSubstr("pickled by Python"));
  EXPECT_THAT(text_of<CorruptObject>([] { (void)deserialize<int>(bytes_of("\x01\x02\n")); }), HasSubstr("'..'"));
}

TEST(SerializerTest, RefusesObjectsWithoutAnIdentifierLine) {
  for (auto const text : {""sv, "US"sv, "no newline within the first bytes"sv, "far too long an identifier\nx"sv})
    EXPECT_THAT(text_of<CorruptObject>([&] { (void)deserialize<std::string>(bytes_of(text)); }),
                HasSubstr("no identifier line"));
}

}  // namespace
