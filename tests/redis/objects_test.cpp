// How objects lie in the server: whole, in parts, for a time.
#include "support.hpp"

#include <algorithm>

namespace redis_test {
namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20U;

std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 2654435761U >> 13U);
  return text;
}

struct SmallParts {
  Server server;
  RedisConnector connector = RedisConnector([&] {
    auto options = server.options();
    options.part_size = 4096;
    return options;
  }());
};

TEST_F(Redis, KeepsAnObjectAsThePlainStringUnderItsKey) {
  Server const server;
  RedisConnector connector(server.options());
  for (std::size_t const size : {std::size_t{5}, 100 * mebibyte / 1024, 3 * mebibyte}) {
    auto const object = pattern(size);
    Key const put = connector.put(buffer_of(object)), set = connector.new_key({});
    connector.set(set, buffer_of(object));
    EXPECT_TRUE(command(server, "GET " + put.text()) == object) << size;
    EXPECT_TRUE(command(server, "GET " + set.text()) == object) << size;
    EXPECT_EQ(command(server, "TTL " + set.text()), "-1") << size;
  }
  EXPECT_EQ(command(server, "DBSIZE"), "10");  // and the markers of those set and of the large one: nothing else lies about
}

TEST_F(Redis, SplitsWhatTheServerWouldNotTakeInOneValue) {
  Server const server({.arguments = {"--proto-max-bulk-len", "1mb"}});
  RedisConnector connector(server.options());
  auto const object = pattern(5 * mebibyte + 17);
  Key const put = connector.put(buffer_of(object)), set = connector.new_key({});
  connector.set(set, buffer_of(object));
  EXPECT_TRUE(text_of(connector.get(put)) == object);
  EXPECT_TRUE(text_of(connector.receive(set, patience).object) == object);
  connector.evict(put);
  connector.evict(set);
  EXPECT_EQ(command(server, "DBSIZE"), "2");  // that they were evicted
}

TEST_F(Redis, LeavesNothingOfASetThatLost) {
  SmallParts few;
  Key const key = few.connector.new_key({});
  few.connector.set(key, buffer_of(pattern(10'000)));
  auto const before = command(few.server, "DBSIZE");
  EXPECT_THROW(few.connector.set(key, buffer_of(pattern(20'000))), AlreadySet);
  EXPECT_EQ(command(few.server, "DBSIZE"), before);
}

TEST_F(Redis, TakesAnObjectThatLooksLikeAManifest) {
  Server const server;
  RedisConnector connector(server.options());
  for (auto const* text : {"SP\n", "SP\nid 1 5\n", "SP\nnonsense"}) {
    EXPECT_EQ(text_of(connector.get(connector.put(buffer_of(text)))), text);
    Key const key = connector.new_key({});
    connector.set(key, buffer_of(text));
    EXPECT_EQ(text_of(connector.get(key)), text);
  }
}

TEST_F(Redis, FindsAnObjectCorruptThatLacksAPart) {
  SmallParts few;
  Key const key = few.connector.put(buffer_of(pattern(10'000)));
  auto const manifest = command(few.server, "GET " + key.text());
  auto const id = manifest.substr(3, manifest.find(' ') - 3);
  ASSERT_EQ(command(few.server, "UNLINK {" + key.text() + "}:" + id + ":1"), "1");
  EXPECT_THAT(error_of<CorruptObject>([&] { (void)few.connector.get(key); }), HasSubstr("lacks some of its 3 parts"));
}

TEST_F(Redis, FindsAManifestCorruptThatClaimsWhatIsNotThere) {
  Server const server;
  RedisConnector connector(server.options());
  for (auto const* manifest : {"SP\n", "SP\nid", "SP\nid 1", "SP\nid 1 2", "SP\nid 1 -2\n", "SP\nid 1 2\nmore",
                               "SP\nid 99999999999 2\n", "SP\nid 1 99999999999999999999\n", "SP\nid 2 1000000000000\n",
                               "SP\nid 0 1000000000000\n"}) {
    command(server, {"SET", "key", manifest});
    EXPECT_THROW((void)connector.get(Key("key")), CorruptObject) << manifest;
    EXPECT_NO_THROW(connector.evict(Key("key"))) << manifest;
  }
}

TEST_F(Redis, LetsObjectsAndTheirPartsExpire) {
  Server const server;
  auto options = server.options();
  options.expiry = 1h;
  options.part_size = 4096;
  RedisConnector connector(options);
  std::vector<Buffer> batch;
  batch.push_back(buffer_of("of a batch"));
  Key const set = connector.new_key({}), large = connector.new_key({});
  connector.set(set, buffer_of("set"));
  connector.set(large, buffer_of(pattern(10'000)));
  for (auto const& key : {connector.put(buffer_of("put")), connector.put_batch(std::move(batch))[0], set, large})
    EXPECT_GT(std::stoi(command(server, "TTL " + key.text())), 3500);
  command(server, "PEXPIRE " + set.text() + " 1");
  while (connector.exists(set)) std::this_thread::yield();
  EXPECT_EQ(connector.get(set), std::nullopt);
}

TEST_F(Redis, GivesAndTakesBatchesOfAllSizes) {
  SmallParts few;
  std::vector<Buffer> objects;
  for (std::size_t i = 0; i < 700; ++i) objects.push_back(buffer_of(pattern(i % 10 == 0 ? 9'000 + i : i)));
  auto const keys = few.connector.put_batch(std::move(objects));
  auto const got = few.connector.get_batch(keys);
  ASSERT_EQ(got.size(), 700U);
  for (std::size_t i = 0; i < 700; ++i) ASSERT_TRUE(text_of(got[i]) == pattern(i % 10 == 0 ? 9'000 + i : i)) << i;
}

TEST_F(Redis, ForgetsThatAKeyWasEvictedAfterATime) {
  Server const server;
  auto options = server.options();
  options.remember = 30ms;
  RedisConnector connector(options);
  Key const key = connector.new_key({});
  connector.evict(key);
  while (connector.wait(key, Deadline::immediate()) == State::gone) std::this_thread::yield();
  EXPECT_NO_THROW(connector.set(key, buffer_of("x")));
}

TEST_F(Redis, SaysHowFullAFullServerIsAndEvictsFromIt) {
  Server const server({.arguments = {"--maxmemory", "8mb"}});
  RedisConnector connector(server.options());
  std::vector<Key> keys;
  auto const fill = [&] {
    for (int i = 0; i < 100; ++i) keys.push_back(connector.put(buffer_of(pattern(mebibyte / 2))));
  };
  auto const text = error_of<StoreFull>(fill);
  EXPECT_THAT(text, HasSubstr("capacity 8388608 bytes, in use "));
  Key const late = connector.new_key({});
  EXPECT_THROW(connector.set(late, buffer_of(pattern(2 * mebibyte))), StoreFull);
  EXPECT_THROW(connector.set(late, buffer_of("small")), StoreFull);
  for (auto const& key : keys) connector.evict(key);
  EXPECT_EQ(connector.wait(keys[0], Deadline::immediate()), State::gone);
  EXPECT_NO_THROW(connector.set(late, buffer_of(pattern(2 * mebibyte))));
}

}  // namespace
}  // namespace redis_test
