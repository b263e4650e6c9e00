#include <set>
#include <sstream>
#include <thread>
#include <unordered_set>

#include "support.hpp"

namespace {

using namespace support;

TEST(KeyTest, ComparesByText) {
  EXPECT_EQ(Key("a"), Key("a"));
  EXPECT_LT(Key("a"), Key("b"));
  EXPECT_TRUE(Key().empty());
  EXPECT_FALSE(Key("a").empty());
}

TEST(KeyTest, PrintsItsText) {
  std::ostringstream out;
  out << Key("k1");
  EXPECT_EQ(out.str(), "k1");
}

TEST(KeyTest, Hashes) {
  std::unordered_set<Key> const keys{Key("a"), Key("b"), Key("a")};
  EXPECT_EQ(keys.size(), 2U);
  EXPECT_TRUE(keys.contains(Key("b")));
}

TEST(KeyTest, TravelsAsAValue) {
  Key const key("over there");
  EXPECT_EQ(deserialize<Key>(serialize(key)), key);
  std::vector<Key> const several{Key("a"), Key(""), Key("c")};
  EXPECT_EQ(deserialize<std::vector<Key>>(serialize(several)), several);
}

TEST(UuidKeyTest, IsVersionFourInTheUsualForm) {
  for (int i = 0; i < 200; ++i)
    EXPECT_THAT(make_uuid_key().text(),
                testing::MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
}

TEST(UuidKeyTest, DiffersOnAllThreads) {
  std::vector<std::vector<Key>> made(4);
  {
    std::vector<std::jthread> threads;
    for (auto& mine : made)
      threads.emplace_back([&mine] {
        for (int i = 0; i < 500; ++i) mine.push_back(make_uuid_key());
      });
  }
  std::set<Key> all;
  for (auto const& mine : made) all.insert(mine.begin(), mine.end());
  EXPECT_EQ(all.size(), 2000U);
}

}  // namespace
