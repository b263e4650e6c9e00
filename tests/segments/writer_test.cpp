// Writing, reading, room.
#include "support.hpp"

#include <filesystem>
#include <thread>

namespace segments_test {

INSTANTIATE_TEST_SUITE_P(Each, Segments, testing::Bool(),
                         [](auto const& each) { return each.param ? "mapped" : "written"; });

TEST_P(Segments, MakeNoFileBeforeTheFirstObject) {
  Writer writer(options());
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

TEST_P(Segments, GiveBackObjectsOfAllSizes) {
  Writer writer(options());
  Reader reader(reading());
  int i = 0;
  for (std::size_t const size : {0, 1, 48, 64, 1000, 16'384, 65'536, 300'000, 999'000, 3'000'000}) {
    auto const at = append(writer, ++i, filled(size, size));
    auto const object = reader.read(file(at.number), at, key(i));
    ASSERT_TRUE(object && object->size() == size) << size;
    EXPECT_TRUE(is_filled(object->span(), size)) << size;
    EXPECT_EQ(at.offset % alignment, 0U);
  }
}

TEST_P(Segments, TakeMemoryThatTheyAllocated) {
  Writer writer(options());
  Reader reader(reading());
  Buffer first = writer.allocate(200'000), second = writer.allocate(200'000);
  contract::fill(second.span(), 2);
  contract::fill(first.span(), 1);
  auto const b = append(writer, 2, std::move(second));
  auto const a = append(writer, 1, std::move(first));
  EXPECT_TRUE(is_filled(reader.read(file(a.number), a, key(1))->span(), 1));
  EXPECT_TRUE(is_filled(reader.read(file(b.number), b, key(2))->span(), 2));
}

TEST_P(Segments, StepOverMemoryThatWasAllocatedAndNotPut) {
  Writer writer(options());
  {
    Buffer const dropped = writer.allocate(100'000);
    append(writer, 1, filled(100, 1));
  }
  append(writer, 2, filled(100, 2));
  writer.close();
  EXPECT_EQ(found_in(path(0)).size(), 2U);
}

TEST_P(Segments, WriteABatchInOrder) {
  Writer writer(options());
  Reader reader(reading());
  std::vector<std::string> keys;
  for (int i = 0; i < 3000; ++i) keys.push_back(key(i));
  std::vector<Writer::Item> items;
  for (int i = 0; i < 3000; ++i) items.push_back({keys[static_cast<std::size_t>(i)], filled(i % 1500, i)});
  writer.append(items);
  for (int i = 0; i < 3000; ++i) {
    auto const& at = items[static_cast<std::size_t>(i)].at;
    ASSERT_TRUE(is_filled(reader.read(file(at.number), at, key(i))->span(), i));
  }
  EXPECT_EQ(writer.usage().objects, 3000U);
}

TEST_P(Segments, AreRemovedWhenNothingIsLeftInThem) {
  Writer writer(options());
  std::vector<Locator> all;
  for (int i = 0; i < 30; ++i) all.push_back(append(writer, i, filled(100'000, i)));
  EXPECT_GT(all.back().number, 2U);
  for (auto const& at : all) {
    EXPECT_TRUE(std::filesystem::exists(path(at.number)));
    writer.release(at, State::evicted);
  }
  EXPECT_FALSE(std::filesystem::exists(path(0)));
  EXPECT_FALSE(std::filesystem::exists(path(1)));
  EXPECT_TRUE(writer.reclaim());
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
  EXPECT_EQ(writer.usage().bytes, 0U);
}

TEST_P(Segments, OfOneLargeObjectAreItsOwn) {
  Writer writer(options());
  auto const small = append(writer, 1, filled(100, 1));
  auto const large = append(writer, 2, filled(5'000'000, 2));
  auto const next = append(writer, 3, filled(100, 3));
  EXPECT_NE(large.number, small.number);
  EXPECT_EQ(next.number, small.number);
  writer.release(large, State::evicted);
  EXPECT_FALSE(std::filesystem::exists(path(large.number)));
}

TEST_P(Segments, StayWithThoseWhoReadThemWhenTheyAreRemoved) {
  Writer writer(options());
  Reader reader(reading());
  auto const at = append(writer, 1, filled(2'000'000, 1));
  auto const held = reader.read(file(at.number), at, key(1));
  writer.release(at, State::evicted);
  EXPECT_TRUE(is_filled(held->span(), 1));
  reader.forget_removed();
  EXPECT_EQ(reader.read(file(at.number), at, key(1)), std::nullopt);
}

TEST_P(Segments, KeepWithinTheirQuota) {
  auto limited = options();
  limited.quota = 2'500'000;
  Writer writer(limited);
  std::vector<Locator> all;
  try {
    for (int i = 0;; ++i) all.push_back(append(writer, i, filled(100'000, i)));
  } catch (StoreFull const& error) {
    EXPECT_THAT(error.what(), testing::AllOf(HasSubstr("quota 2500000 bytes"), HasSubstr("in use")));
  }
  EXPECT_GE(all.size(), 22U);
  EXPECT_LE(writer.usage().bytes, limited.quota);
  for (int i = 0; i < 9; ++i) writer.release(all[static_cast<std::size_t>(i)], State::evicted);  // all of the first
  EXPECT_NO_THROW(append(writer, 99, filled(100'000, 99)));
  Reader reader(reading());
  EXPECT_TRUE(is_filled(reader.read(file(all[9].number), all[9], key(9))->span(), 9));
}

TEST_P(Segments, AskForRoomBeforeTheyAreFull) {
  auto limited = options();
  limited.quota = 1'100'000;
  Writer writer(limited);
  auto const first = append(writer, 1, filled(900'000, 1));
  int asked = 0;
  writer.when_full([&] {
    writer.release(first, State::evicted);
    return ++asked == 1;
  });
  EXPECT_NO_THROW(append(writer, 2, filled(900'000, 2)));
  EXPECT_EQ(asked, 1);
}

TEST_P(Segments, TakeObjectsOfManyThreads) {
  Writer writer(options());
  Reader reader(reading());
  std::atomic<int> wrong = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 6; ++t)
      threads.emplace_back([&, t] {
        for (int i = 0; i < 200; ++i) {
          int const n = t * 1000 + i;
          auto const at = append(writer, n, filled(static_cast<std::size_t>(i) * 97, n));
          auto const object = reader.read(file(at.number), at, key(n));
          if (!object || !is_filled(object->span(), n)) ++wrong;
          if (i % 3 == 0) writer.release(at, State::evicted);
        }
      });
  }
  EXPECT_EQ(wrong, 0);
}

TEST_P(Segments, AreOnTheDiskWithFsync) {
  auto durable = options();
  durable.flushed = durable.durable = true;
  Writer writer(durable);
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 5; ++i) append(writer, t * 10 + i, filled(1000, i));
    });
  threads.clear();
  EXPECT_EQ(found_in(path(0)).size(), 20U);
}

}  // namespace segments_test
