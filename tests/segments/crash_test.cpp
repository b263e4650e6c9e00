// What is found in files that were cut, damaged or never finished.
#include "support.hpp"

#include <filesystem>
#include <map>
#include <random>

namespace segments_test {
namespace {

/// Ten objects of 0 to 9000 bytes in one file.
std::vector<Locator> ten(Segments&, Writer& writer, auto const& append) {
  std::vector<Locator> all;
  for (int i = 0; i < 10; ++i) all.push_back(append(writer, i, filled(static_cast<std::size_t>(i) * 1000, i)));
  return all;
}

}  // namespace

class Crash : public Segments {
 protected:
  std::vector<Locator> write_ten() {
    Writer writer(options());
    auto const all =
        ten(*this, writer, [this](Writer& to, int i, Buffer object) { return append(to, i, std::move(object)); });
    writer.close();
    return all;
  }
  Entry find(std::string const& name) { return Index(directory.path().string()).find(name, 0); }
  std::optional<Bytes> get(std::string const& name) {
    auto const entry = find(name);
    if (entry.fate != Fate::there) return std::nullopt;
    return Reader(reading()).read(entry.file, entry.at, name);
  }
};

INSTANTIATE_TEST_SUITE_P(Each, Crash, testing::Bool(),
                         [](auto const& each) { return each.param ? "mapped" : "written"; });

TEST_P(Crash, LosesNothingBeforeTheEndOfAFileThatWasCut) {
  auto const all = write_ten();
  auto const whole = contents(path(0));
  for (std::size_t cut = 0; cut <= whole.size(); cut += 61) {
    overwrite(path(0), whole.substr(0, cut));
    Index index(directory.path().string());
    for (int i = 0; i < 10; ++i) {
      auto const& at = all[static_cast<std::size_t>(i)];
      auto const fate = index.find(key(i)).fate;
      if (at.offset + header_bytes + at.bytes <= cut) ASSERT_EQ(fate, Fate::there) << i << " of " << cut;
      else if (at.offset + header_bytes <= cut) ASSERT_EQ(fate, Fate::cut) << i << " of " << cut;
      else ASSERT_EQ(fate, Fate::absent) << i << " of " << cut;
    }
  }
}

TEST_P(Crash, ReportsAnObjectOfWhichABitWasTurnedAndGivesTheOthers) {
  auto const all = write_ten();
  auto bytes = contents(path(0));
  bytes[all[5].offset + header_bytes + 4000] ^= 1;
  overwrite(path(0), bytes);
  for (int i = 0; i < 10; ++i) {
    if (i == 5) EXPECT_THROW((void)get(key(i)), CorruptObject);
    else EXPECT_TRUE(is_filled(get(key(i))->span(), i)) << i;
  }
}

TEST_P(Crash, FindsTheRecordsBehindAHeaderThatWasOverwritten) {
  auto const all = write_ten();
  auto bytes = contents(path(0));
  bytes.replace(all[4].offset + 20, 8, "rubbish!");
  overwrite(path(0), bytes);
  EXPECT_EQ(get(key(4)), std::nullopt);
  for (int const i : {0, 3, 5, 9}) EXPECT_TRUE(is_filled(get(key(i))->span(), i)) << i;
  EXPECT_EQ(found_in(path(0)).size(), 9U);
  EXPECT_EQ(scanned.skipped, record_bytes(4000));
}

TEST_P(Crash, TakesASegmentInsideAnObjectForAnObject) {
  write_ten();
  auto const whole = contents(path(0));
  Writer writer(options());  // begins with another number in a job of its own; here the first is moved away
  std::filesystem::rename(path(0), path(7));
  append(writer, 100, Buffer::copy_of(std::as_bytes(std::span(whole))));
  writer.close();
  EXPECT_EQ(found_in(path(0)).size(), 1U);
}

TEST_P(Crash, FindsWhatAWriterLeftThatDidNotClose) {
  Writer writer(options());
  auto const at = append(writer, 1, filled(5000, 1));
  Buffer const pending = writer.allocate(100'000);
  append(writer, 2, filled(5000, 2));
  EXPECT_TRUE(is_filled(get(key(1))->span(), 1));
  EXPECT_TRUE(is_filled(get(key(2))->span(), 2));
  EXPECT_EQ(at.offset, header_bytes);
}

TEST_P(Crash, FindsAnythingInRandomDamageWithoutHarm) {
  auto const all = write_ten();
  auto const whole = contents(path(0));
  std::mt19937 random(1);
  for (int round = 0; round < 200; ++round) {
    auto bytes = whole;
    for (int i = 0; i < 20; ++i) bytes[random() % bytes.size()] = static_cast<char>(random());
    overwrite(path(0), bytes.substr(0, random() % bytes.size()));
    Index index(directory.path().string());
    Reader reader(reading());
    for (int i = 0; i < 10; ++i) {
      auto const entry = index.find(key(i));
      if (entry.fate != Fate::there) continue;
      try {
        auto const object = reader.read(entry.file, entry.at, key(i));
        ASSERT_TRUE(object && object->size() == all[static_cast<std::size_t>(i)].bytes);
        ASSERT_TRUE(is_filled(object->span(), i));
      } catch (CorruptObject const&) {
      }
    }
  }
}

TEST_P(Crash, ObjectsThatWereEvictedStayEvicted) {
  Writer writer(options());
  auto const mine = append(writer, 1, filled(1000, 1));
  append(writer, 2, filled(1000, 2));
  append(writer, 3, filled(1000, 3));
  writer.release(mine, State::evicted);
  writer.bury(key(2));
  EXPECT_EQ(find(key(1)).fate, Fate::evicted);
  EXPECT_EQ(find(key(2)).fate, Fate::evicted);
  EXPECT_EQ(find(key(3)).fate, Fate::there);
}

TEST_P(Crash, OfTwoSettersTheOneCountsWhoseSetIsComplete) {
  Writer writer(options());
  append(writer, 1, filled(1000, 1), State::proposed);
  auto const won = append(writer, 1, filled(1000, 2), State::proposed);
  EXPECT_EQ(find(key(1)).fate, Fate::ambiguous);
  writer.mark(won, State::complete);
  EXPECT_TRUE(is_filled(get(key(1))->span(), 2));

  auto const lost = append(writer, 2, filled(1000, 3), State::proposed);
  append(writer, 2, filled(1000, 4), State::proposed);
  writer.release(lost, State::withdrawn);
  EXPECT_TRUE(is_filled(get(key(2))->span(), 4));
}

TEST_P(Crash, AnIndexSeesWhatIsWrittenAfterItLooked) {
  Writer writer(options());
  append(writer, 1, filled(1000, 1));
  Index index(directory.path().string());
  EXPECT_EQ(index.find(key(2)).fate, Fate::absent);
  append(writer, 2, filled(1000, 2));
  EXPECT_EQ(index.find(key(2)).fate, Fate::there);
  EXPECT_EQ(index.all().size(), 2U);
}

}  // namespace segments_test
