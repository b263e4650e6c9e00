// Headers: what is believed, and what is not.
#include "support.hpp"

#include <cstring>

namespace segments_test {
namespace {

std::span<std::byte const> bytes_of(RecordHeader const& header) { return std::as_bytes(std::span(&header, 1)); }

RecordHeader a_record() { return make_record(7, Kind::object, key(1), 1000, 99, 256, State::complete); }

}  // namespace

TEST(Format, ReadsTheHeaderThatItMade) {
  auto const read = read_record(bytes_of(a_record()), 7, 256);
  ASSERT_TRUE(read);
  EXPECT_EQ(std::string(read->key, read->key_bytes), key(1));
  EXPECT_EQ(read->bytes, 1000U);
  EXPECT_EQ(read->state, State::complete);
}

TEST(Format, BelievesNoHeaderOfAnotherFileOrPlace) {
  EXPECT_FALSE(read_record(bytes_of(a_record()), 8, 256));
  EXPECT_FALSE(read_record(bytes_of(a_record()), 7, 320));
}

TEST(Format, BelievesNoHeaderOfWhichABitWasTurned) {
  for (std::size_t bit = 0; bit < state_at * 8; ++bit) {
    auto record = a_record();
    auto* const bytes = reinterpret_cast<unsigned char*>(&record);
    bytes[bit / 8] ^= static_cast<unsigned char>(1U << bit % 8);
    ASSERT_FALSE(read_record(bytes_of(record), 7, 256)) << bit;
  }
}

TEST(Format, ChangesOfARecordItsStateAlone) {
  auto record = a_record();
  record.state = State::evicted;
  EXPECT_EQ(read_record(bytes_of(record), 7, 256)->state, State::evicted);
}

TEST(Format, GivesEachFileItsOwnSalt) {
  EXPECT_NE(make_file_header(session, 0, 0).salt, make_file_header(session, 0, 0).salt);
}

TEST(Format, NamesFilesSoThatTheNamesCanBeRead) {
  FileName const name{session, 12, 345, Kind::tombstone};
  auto const read = FileName::parse(name.text());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->session, session);
  EXPECT_EQ(read->rank, 12U);
  EXPECT_EQ(read->number, 345U);
  EXPECT_EQ(read->kind, Kind::tombstone);
}

TEST(Format, TakesNoOtherNamesForItsFiles) {
  std::string const begin = session;
  for (auto const* end :
       {"", ".seg", ".0.seg", ".0.0", ".0.x.seg", ".00.1.seg", ".-1.0.seg", ".0.1.seg2", ".99999999999.0.seg"})
    EXPECT_FALSE(FileName::parse(begin + end)) << end;
  EXPECT_FALSE(FileName::parse("01234567-89ab-4cde-8f01-23456789abcX.0.0.seg"));
}

}  // namespace segments_test
