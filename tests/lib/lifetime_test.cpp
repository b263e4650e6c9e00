#include <condition_variable>
#include <set>

#include "support.hpp"

namespace {

using namespace support;
using testing::HasSubstr;

static_assert(!std::is_copy_constructible_v<Lifetime> && std::is_nothrow_move_constructible_v<Lifetime>);
template <class T>
concept MayBeAdded = requires(Lifetime& lifetime, T const& object) {
  lifetime.add(object);
};
static_assert(MayBeAdded<Proxy<int>> && MayBeAdded<Future<int>> && MayBeAdded<Key> && !MayBeAdded<OwnedProxy<int>>);

/// On which threads keys are evicted, and when; evictions fail on demand.
class EvictionConnector final : public ForwardingConnector {
 public:
  struct Seen {
    std::mutex mutex;
    std::condition_variable changed;
    std::multiset<Key> evicted;
    std::set<std::thread::id> threads;
    std::atomic<int> failures = 0;  // still to come

    bool until(std::size_t n) {
      std::unique_lock lock(mutex);
      return changed.wait_for(lock, patience, [&] { return evicted.size() >= n; });
    }
  };
  explicit EvictionConnector(std::shared_ptr<Seen> seen)
      : ForwardingConnector(std::make_unique<LocalConnector>()), seen_(std::move(seen)) {}

  void evict(Key const& key) override {
    if (seen_->failures > 0) {
      --seen_->failures;
      throw ConnectorError("cannot evict");
    }
    ForwardingConnector::evict(key);
    std::lock_guard lock(seen_->mutex);
    seen_->evicted.insert(key);
    seen_->threads.insert(std::this_thread::get_id());
    seen_->changed.notify_all();
  }

 private:
  std::shared_ptr<Seen> seen_;
};

class LifetimeTest : public testing::Test {
 protected:
  std::shared_ptr<EvictionConnector::Seen> seen_ = std::make_shared<EvictionConnector::Seen>();
  Store store_ = Store::open("lifetimes", std::make_unique<EvictionConnector>(seen_));

  std::size_t evictions() {
    std::lock_guard lock(seen_->mutex);
    return seen_->evicted.size();
  }
};

TEST_F(LifetimeTest, EvictsWhatWasPutUnderItAtTheEndOfItsScope) {
  std::vector<Key> keys;
  auto const kept = store_.put(0);
  {
    Lifetime step(store_);
    keys.push_back(store_.put(1, {.lifetime = &step}));
    auto const batch = store_.put_batch(std::vector<int>{2, 3}, {.lifetime = &step});
    keys.insert(keys.end(), batch.begin(), batch.end());
    keys.push_back(store_.proxy(4, {.lifetime = &step}).key());
    keys.push_back(store_.proxy(std::string("5"), {.populate = false, .lifetime = &step}).key());
    for (auto const& proxy : store_.proxy_batch(std::vector<int>{6, 7}, {.lifetime = &step}))
      keys.push_back(proxy.key());
    keys.push_back(store_.proxy_from_key<int>(store_.put(8), {.lifetime = &step}).key());
    auto const future = store_.future<int>({.lifetime = &step});
    future.set_result(9);
    keys.push_back(future.key());
    for (auto const& key : keys) EXPECT_TRUE(store_.exists(key));
    EXPECT_FALSE(step.done());
  }
  for (auto const& key : keys) EXPECT_FALSE(store_.exists(key));
  EXPECT_TRUE(store_.exists(kept));
  EXPECT_EQ(evictions(), keys.size());
}

TEST_F(LifetimeTest, TakesKeysProxiesAndFuturesThatAreThere) {
  auto const key = store_.put(1);
  auto const proxy = travelled(store_.proxy(2));
  auto const future = store_.future<int>();
  {
    Lifetime step(store_);
    step.add(key);
    step.add(proxy);
    step.add(proxy);
    step.add(future);
  }
  EXPECT_FALSE(store_.exists(key) || store_.exists(proxy.key()));
  EXPECT_THROW(future.wait(patience), ObjectNotFound) << "evicted unset, it is gone for those who wait";
  EXPECT_EQ(evictions(), 3U);
}

TEST_F(LifetimeTest, TakesNothingOnceItHasEnded) {
  Lifetime step(store_);
  step.close();
  step.close();
  EXPECT_TRUE(step.done());
  EXPECT_THAT(text_of<InvalidArgument>([&] { step.add(store_.put(1)); }), HasSubstr("has ended (it was closed"));
  EXPECT_THROW(step.add(store_.proxy(1)), InvalidArgument);
  auto const puts = evictions();
  EXPECT_THROW((void)store_.put(1, {.lifetime = &step}), InvalidArgument);
  EXPECT_THROW((void)store_.future<int>({.lifetime = &step}), InvalidArgument);
  EXPECT_EQ(evictions(), puts) << "nothing was put";
}

TEST_F(LifetimeTest, ExcludesTheOtherTwoMechanisms) {
  Lifetime step(store_);
  auto const twice = testing::AllOf(HasSubstr("both on resolve and by a lifetime"), HasSubstr("choose one"));
  EXPECT_THAT(text_of<InvalidArgument>([&] { (void)store_.proxy(1, {.evict_on_resolve = true, .lifetime = &step}); }),
              twice);
  EXPECT_THAT(
      text_of<InvalidArgument>([&] { (void)store_.future<int>({.evict_on_resolve = true, .lifetime = &step}); }),
      twice);
  EXPECT_THROW((void)store_.proxy_batch(std::vector<int>{1}, {.evict_on_resolve = true, .lifetime = &step}),
               InvalidArgument);
  EXPECT_THROW((void)store_.proxy_from_key<int>(Key("k"), {.evict_on_resolve = true, .lifetime = &step}),
               InvalidArgument);
  EXPECT_THAT(text_of<InvalidArgument>([&] { step.add(store_.proxy(1, {.evict_on_resolve = true})); }),
              HasSubstr("it is evicted on resolve"));
  auto const proxy = store_.proxy(1, {.lifetime = &step});
  EXPECT_THAT(text_of<InvalidArgument>([&] { (void)into_owned(proxy); }), HasSubstr("a lifetime evicts it"));
}

TEST_F(LifetimeTest, IsOfOneStore) {
  Store other = open_local("other");
  Lifetime step(store_);
  EXPECT_THAT(text_of<InvalidArgument>([&] { (void)other.put(1, {.lifetime = &step}); }), HasSubstr("store 'other'"));
  EXPECT_THROW(step.add(other.proxy(1)), InvalidArgument);
}

TEST_F(LifetimeTest, IsEndedByWhomItWasMovedTo) {
  std::optional<Lifetime> outer;
  Key key;
  {
    Lifetime inner(store_);
    key = store_.put(1, {.lifetime = &inner});
    outer = std::move(inner);
    EXPECT_THROW(inner.add(key), InvalidArgument);  // NOLINT(bugprone-use-after-move)
  }
  EXPECT_TRUE(store_.exists(key));
  *outer = Lifetime(store_);
  EXPECT_FALSE(store_.exists(key)) << "assigned over, it ends";
}

TEST_F(LifetimeTest, EndsWhenItsStoreCloses) {
  Lifetime step(store_);
  LeaseLifetime hour(store_, 1h);
  StaticLifetime program(store_);
  (void)store_.put(1, {.lifetime = &step});
  (void)store_.put(2, {.lifetime = &hour});
  (void)store_.put(3, {.lifetime = &program});
  EXPECT_EQ(evictions(), 0U);
  store_.close();
  EXPECT_EQ(evictions(), 3U);
  EXPECT_TRUE(step.done() && hour.done() && program.done());
  EXPECT_THROW(step.add(Key("late")), InvalidArgument);
  EXPECT_THROW(hour.extend(1h), InvalidArgument);
  EXPECT_THROW(Lifetime late(store_), StoreClosed);
  EXPECT_THROW(StaticLifetime late(store_), StoreClosed);
  EXPECT_NO_THROW(step.close());
}

TEST_F(LifetimeTest, TriesAgainWhatCouldNotBeEvicted) {
  Lifetime step(store_);
  for (int i = 0; i < 3; ++i) (void)store_.put(i, {.lifetime = &step});
  seen_->failures = 1;
  EXPECT_THROW(step.close(), ConnectorError);
  EXPECT_TRUE(step.done());
  step.close();
  EXPECT_EQ(evictions(), 3U);
}

TEST_F(LifetimeTest, TellsOfAStoreThatCouldNotEvictWhenItCloses) {
  Lifetime step(store_);
  (void)store_.put(1, {.lifetime = &step});
  seen_->failures = 1;
  EXPECT_THROW(store_.close(), ConnectorError);
  EXPECT_THROW((void)store_.put(1), StoreClosed);
}

TEST_F(LifetimeTest, LeavesNothingOfAPutThatCameTooLate) {
  // One thread puts while another ends the lifetime: whatever was put is gone in the end.
  for (int round = 0; round < 20; ++round) {
    Lifetime step(store_);
    std::atomic<int> puts = 0;
    std::vector<Key> put;
    std::jthread putting([&] {
      try {
        for (;; ++puts) put.push_back(store_.put(1, {.lifetime = &step}));
      } catch (InvalidArgument const&) {
      }
    });
    while (puts < round) std::this_thread::yield();
    step.close();
    putting.join();
    for (auto const& key : put) ASSERT_FALSE(store_.exists(key));
  }
}

TEST_F(LifetimeTest, ALeaseEndsByItself) {
  auto const start = Deadline::Clock::now();
  Key key;
  {
    LeaseLifetime soon(store_, 30ms);
    key = store_.put(1, {.lifetime = &soon});
    EXPECT_FALSE(soon.expiry().is_never());
  }
  ASSERT_TRUE(seen_->until(1)) << "the scope of a lease does not matter";
  EXPECT_GE(Deadline::Clock::now() - start, 30ms);
  EXPECT_FALSE(store_.exists(key));
}

TEST_F(LifetimeTest, ALeaseIsExtendedAndCutShort) {
  LeaseLifetime lease(store_, 1h);
  auto const before = lease.expiry();
  lease.extend(1h);
  EXPECT_EQ(lease.expiry().time() - before.time(), 1h);
  lease.extend(std::chrono::nanoseconds::max());
  EXPECT_TRUE(lease.expiry().is_never());
  (void)store_.put(1, {.lifetime = &lease});
  EXPECT_FALSE(lease.done());
  lease.end_at(Deadline::immediate());
  ASSERT_TRUE(seen_->until(1));
  EXPECT_TRUE(lease.done());
  EXPECT_THROW(lease.extend(1s), InvalidArgument);
}

TEST_F(LifetimeTest, AllLeasesOfTheProcessEndOnOneThread) {
  Store other = Store::open("other", std::make_unique<EvictionConnector>(seen_));
  std::vector<LeaseLifetime> leases;
  for (int i = 0; i < 20; ++i) {
    auto& store = i % 2 ? store_ : other;
    (void)store.put(i, {.lifetime = &leases.emplace_back(store, std::chrono::milliseconds(20 - i))});
  }
  ASSERT_TRUE(seen_->until(20));
  std::lock_guard lock(seen_->mutex);
  EXPECT_FALSE(seen_->threads.contains(std::this_thread::get_id()));
  // The thread leaves when there are no leases, so a slow run may have seen several, one after the other.
  EXPECT_LT(seen_->threads.size(), 20U);
}

TEST_F(LifetimeTest, ALeaseThatFailsToEvictDoesSoWhenTheStoreCloses) {
  LeaseLifetime lease(store_, 1h);
  (void)store_.put(1, {.lifetime = &lease});
  seen_->failures = 1;
  lease.end_at(Deadline::immediate());
  while (seen_->failures != 0) std::this_thread::yield();
  store_.close();
  EXPECT_EQ(evictions(), 1U);
}

TEST_F(LifetimeTest, AStaticLifetimeOutlivesItsScope) {
  Key key;
  {
    StaticLifetime program(store_);
    key = store_.put(1, {.lifetime = &program});
  }
  EXPECT_TRUE(store_.exists(key));
  StaticLifetime same(store_);
  same.close();
  EXPECT_FALSE(store_.exists(key));
  EXPECT_THROW(same.add(key), InvalidArgument);
  StaticLifetime another(store_);
  EXPECT_NO_THROW(another.add(key));
}

TEST(LifetimeDeathTest, AStaticLifetimeEndsWithTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        static auto* const shelf = new auto(ShelfConnector::named("statics"));  // outlives all that is static
        // Registered first, so it runs last.
        std::atexit([] { _exit((*shelf)->objects.empty() ? 3 : 4); });
        auto* const store = new Store(Store::open("forgotten", std::make_unique<ShelfConnector>("statics")));
        StaticLifetime program(*store);
        (void)store->put(1, {.lifetime = &program});
        std::exit(0);
      },
      testing::ExitedWithCode(3), "");
}

}  // namespace
