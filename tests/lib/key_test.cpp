#include <set>
#include <sstream>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
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

TEST(UuidKeyTest, DiffersInAChildOfFork) {
  (void)make_uuid_key();  // the parent's row of keys has begun
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  pid_t const child = ::fork();
  if (child == 0) {
    auto const text = make_uuid_key().text();
    ::_exit(::write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()) ? 0 : 1);
  }
  std::string theirs(36, '\0');
  EXPECT_EQ(::read(ends[0], theirs.data(), theirs.size()), static_cast<ssize_t>(theirs.size()));
  EXPECT_NE(make_uuid_key().text(), theirs);
  ::waitpid(child, nullptr, 0);
  ::close(ends[0]);
  ::close(ends[1]);
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
