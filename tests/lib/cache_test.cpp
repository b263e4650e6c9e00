// What a store over an expensive medium keeps of the objects that it has read.
#include "support.hpp"

namespace {

using namespace support;
using testing::HasSubstr;

class CacheTest : public testing::Test {
 protected:
  Store open(StoreOptions options) {
    return Store::open("cached", std::make_unique<ShelfConnector>("cache"), std::move(options));
  }
  /// How often `store` asks the medium for `key`.
  int gets(Store& store, Key const& key) {
    int const before = shelf_->gets;
    (void)store.get<std::string>(key);
    return shelf_->gets - before;
  }

  std::shared_ptr<ShelfConnector::Shelf> shelf_ = ShelfConnector::named("cache");
};

TEST_F(CacheTest, ReadsAnObjectOnce) {
  Store store = open({});
  Key const key = store.put(std::string("object"));
  EXPECT_FALSE(store.is_cached(key));
  EXPECT_EQ(gets(store, key), 1);
  EXPECT_TRUE(store.is_cached(key));
  EXPECT_EQ(gets(store, key), 0);
  EXPECT_EQ(store.get<std::string>(key), "object");
}

TEST_F(CacheTest, IsSharedByProxies) {
  Store store = open({});
  auto const proxy = store.proxy(std::string("object"), {.populate = false});
  EXPECT_EQ(gets(store, proxy.key()), 1);
  int const before = shelf_->gets;
  EXPECT_EQ(*travelled(proxy), "object");
  EXPECT_EQ(travelled(proxy).share(), travelled(proxy).share());
  EXPECT_EQ(shelf_->gets, before);
}

TEST_F(CacheTest, KeepsTheMostRecentlyUsedObjects) {
  Store store = open({.cache_objects = 2});
  auto const keys = store.put_batch(std::vector<std::string>{"a", "b", "c"});
  (void)gets(store, keys[0]);
  (void)gets(store, keys[1]);
  EXPECT_EQ(gets(store, keys[0]), 0);  // now b is the oldest
  (void)gets(store, keys[2]);
  EXPECT_TRUE(store.is_cached(keys[0]));
  EXPECT_FALSE(store.is_cached(keys[1]));
  EXPECT_TRUE(store.is_cached(keys[2]));
}

TEST_F(CacheTest, IsBoundedInBytes) {
  Store store = open({.cache_bytes = 250});
  auto const keys = store.put_batch(std::vector<std::string>(3, std::string(100, 'x')));
  Key const large = store.put(std::string(300, 'x'));
  for (auto const& key : keys) (void)gets(store, key);
  EXPECT_FALSE(store.is_cached(keys[0]));
  EXPECT_TRUE(store.is_cached(keys[1]));
  EXPECT_TRUE(store.is_cached(keys[2]));
  EXPECT_EQ(gets(store, large) + gets(store, large), 2);
  EXPECT_TRUE(store.is_cached(keys[1]));
  EXPECT_THAT(store.report(), HasSubstr("cache: 2 objects, 206 bytes"));
}

TEST_F(CacheTest, CanBeSwitchedOff) {
  for (auto const& options : {StoreOptions{.cache_objects = 0}, StoreOptions{.cache_bytes = 0}}) {
    Store store = open(options);
    Key const key = store.put(std::string("object"));
    EXPECT_EQ(gets(store, key) + gets(store, key), 2);
    EXPECT_FALSE(store.is_cached(key));
  }
}

TEST_F(CacheTest, IsLeftOutWhereTheConnectorReadsInPlace) {
  Store store = open_local("in place");
  Key const key = store.put(1);
  (void)store.get<int>(key);
  EXPECT_FALSE(store.is_cached(key));
}

TEST_F(CacheTest, ForgetsWhatIsEvicted) {
  Store store = open({});
  Key const key = store.put(std::string("object"));
  (void)gets(store, key);
  store.evict(key);
  EXPECT_FALSE(store.is_cached(key));
  EXPECT_EQ(store.get<std::string>(key), std::nullopt);
}

TEST_F(CacheTest, NeverHandsOutAnObjectAsAnotherType) {
  Store store = open({});
  Key const key = store.put(std::vector<int>{1, 2});
  (void)store.get<std::vector<int>>(key);
  EXPECT_EQ(store.get<Array<int>>(key)->size(), 2U);
  EXPECT_THROW((void)store.get<std::string>(key), CorruptObject);
}

TEST_F(CacheTest, ServesManyThreads) {
  Store store = open({.cache_objects = 2});
  auto const keys = store.put_batch(std::vector<int>{0, 1, 2, 3});
  std::atomic<int> wrong = 0;
  {
    std::vector<std::jthread> readers;
    for (int t = 0; t < 4; ++t)
      readers.emplace_back([&] {
        for (int i = 0; i < 200; ++i)
          if (store.get<int>(keys[static_cast<std::size_t>(i % 4)]) != i % 4) ++wrong;
      });
  }
  EXPECT_EQ(wrong, 0);
}

}  // namespace
