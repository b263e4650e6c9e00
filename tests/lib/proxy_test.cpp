#include <latch>
#include <map>
#include <sstream>
#include <unordered_set>

#include "support.hpp"

namespace {

using namespace support;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

/// A store whose requests are counted.
class ProxyTest : public testing::Test {
 protected:
  std::shared_ptr<CountingConnector::Counts> counts_ = std::make_shared<CountingConnector::Counts>();
  Store store_ =
      Store::open("proxies", std::make_unique<CountingConnector>(std::make_unique<LocalConnector>(), counts_));

  template <class T>
  Proxy<T> unresolved(T object) {
    return store_.proxy(std::move(object), {.populate = false});
  }
};

struct Scene {
  std::string name;
  Proxy<std::vector<double>> data;
  std::map<int, Proxy<std::string>> labels;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(name, data, labels);
  }
};

std::size_t length(std::string const& text) { return text.size(); }

static_assert(std::is_convertible_v<Proxy<int>, int const&>);
static_assert(!std::three_way_comparable<Proxy<Scene>>);

TEST_F(ProxyTest, IsUsedAsItsObject) {
  auto const text = unresolved(std::string("abc"));
  EXPECT_EQ((*text)[0], 'a');
  EXPECT_EQ(text->size(), 3U);
  EXPECT_EQ(length(text), 3U);
  EXPECT_EQ(text.size(), 3U);
  EXPECT_EQ(text[1], 'b');
  EXPECT_EQ(unresolved(4) + 1, 5);
  double sum = 0;
  for (double const x : unresolved(std::vector<double>{1, 2, 3})) sum += x;
  EXPECT_EQ(sum, 6);
}

TEST_F(ProxyTest, ComparesAsItsObject) {
  auto const one = unresolved(1), two = unresolved(2);
  EXPECT_TRUE(one == unresolved(1) && one != two && one == 1 && 2 == two && one != 2);
  EXPECT_TRUE(one < two && two >= one && one < 2 && 0 < one);
  EXPECT_TRUE(unresolved(std::string("b")) > "a");
}

TEST_F(ProxyTest, PrintsAndHashesAsItsObject) {
  std::ostringstream out;
  out << unresolved(std::string("text"));
  EXPECT_EQ(out.str(), "text");
  std::unordered_set<Proxy<int>> const set{unresolved(7), unresolved(7)};
  EXPECT_EQ(set.size(), 1U);
}

TEST_F(ProxyTest, ResolvesAtTheFirstUseAndOnce) {
  auto const proxy = unresolved(1);
  auto const copy = proxy;
  EXPECT_FALSE(proxy.is_resolved());
  EXPECT_EQ(counts_->gets, 0);
  EXPECT_EQ(*copy, 1);
  EXPECT_TRUE(proxy.is_resolved());
  EXPECT_EQ(&*proxy, &*copy);
  EXPECT_EQ(counts_->gets, 1);
}

TEST_F(ProxyTest, ResolvesOnceForManyThreads) {
  auto const future = store_.future<std::string>();
  auto const proxy = travelled(future.proxy());
  std::vector<std::string const*> seen(8);
  std::latch start(9);
  {
    std::vector<std::jthread> threads;
    for (auto& object : seen)
      threads.emplace_back([&, proxy] {
        start.arrive_and_wait();
        object = &proxy.resolve(patience);
      });
    start.arrive_and_wait();
    until_waiting(store_, 1);
    future.set_result("once");
  }
  EXPECT_THAT(seen, Each(&*proxy));
  EXPECT_EQ(counts_->gets, 2);  // before the wait, and after it
}

TEST_F(ProxyTest, LetsEveryThreadGiveUpAtItsOwnDeadline) {
  auto const future = store_.future<int>();
  auto const proxy = future.proxy();
  std::jthread patient([&] { EXPECT_EQ(proxy.resolve(patience), 1); });
  until_waiting(store_, 1);
  EXPECT_THAT(text_of<Timeout>([&] { (void)proxy.resolve(5ms); }), HasSubstr("another thread"));
  EXPECT_THROW((void)proxy.resolve(Deadline::immediate()), Timeout);
  future.set_result(1);
}

TEST_F(ProxyTest, LetsAnotherThreadTryWhenTheFirstGivesUp) {
  auto const future = store_.future<int>();
  auto const proxy = future.proxy();
  std::jthread hasty([&] { EXPECT_THROW((void)proxy.resolve(100ms), Timeout); });
  std::jthread patient([&] { EXPECT_EQ(proxy.resolve(patience), 2); });
  hasty.join();
  until_waiting(store_, 1);
  future.set_result(2);
}

TEST_F(ProxyTest, TriesAgainAfterAnError) {
  auto const proxy = store_.future<int>().proxy();
  EXPECT_THROW((void)proxy.resolve(1ms), Timeout);
  EXPECT_FALSE(proxy.is_resolved());
  Future<int> const future = deserialize<Future<int>>(serialize(proxy));
  future.set_result(3);
  EXPECT_EQ(*proxy, 3);
}

TEST_F(ProxyTest, ResolvesInTheBackground) {
  auto const future = store_.future<int>();
  auto const proxy = future.proxy();
  proxy.resolve_async();
  until_waiting(store_, 1);
  EXPECT_FALSE(proxy.is_resolved());
  future.set_result(4);
  EXPECT_EQ(proxy.resolve(patience), 4);
  int const gets = counts_->gets;
  proxy.resolve_async();
  EXPECT_EQ(*proxy, 4);
  EXPECT_EQ(counts_->gets, gets);
}

TEST_F(ProxyTest, ThrowsAnErrorOfTheBackgroundWhereTheObjectIsUsed) {
  auto const absent = store_.proxy_from_key<int>(Key("absent"));
  absent.resolve_async();
  EXPECT_THROW((void)*absent, ObjectNotFound);
  auto const never = store_.future<int>().proxy();
  never.resolve_async();
  store_.close();  // ends the thread
  EXPECT_THROW((void)*never, BrokenFuture);
}

TEST_F(ProxyTest, LeavesNoThreadBehindWhenTheStoreIsGone) {
  std::weak_ptr<detail::StoreCore> core;
  {
    Store store = open_local("joined");
    core = Registry::instance().find("joined");
    for (int i = 0; i < 30; ++i) store.future<int>().proxy().resolve_async();
    until_waiting(store, 30);
  }
  EXPECT_TRUE(core.expired());
}

TEST_F(ProxyTest, TravelsAsAReference) {
  auto const proxy = store_.proxy(std::string(100'000, 'x'));
  Bytes const reference = serialize(proxy);
  EXPECT_LT(reference.size(), 200U);
  auto const arrived = deserialize<Proxy<std::string>>(reference);
  EXPECT_FALSE(arrived.is_resolved());
  EXPECT_EQ(arrived.key(), proxy.key());
  EXPECT_EQ(*arrived, *proxy);
  EXPECT_EQ(serialize(arrived), reference);
}

TEST_F(ProxyTest, TravelsInsideObjects) {
  Scene scene{"scene", store_.proxy(std::vector<double>{1, 2}), {}};
  scene.labels.emplace(3, store_.proxy(std::string("three")));
  auto const stored = store_.get<Scene>(store_.put(scene));
  EXPECT_EQ(stored->name, "scene");
  EXPECT_FALSE(stored->data.is_resolved());
  EXPECT_THAT(*stored->data, ElementsAre(1, 2));
  EXPECT_EQ(stored->labels.at(3), "three");
  EXPECT_EQ(*unresolved(std::vector{store_.proxy(1)}), std::vector{store_.proxy(1)});
}

TEST_F(ProxyTest, StandsForNothingByDefault) {
  Proxy<int> proxy;
  EXPECT_FALSE(proxy.valid());
  EXPECT_FALSE(proxy.is_resolved());
  EXPECT_THAT(text_of<InvalidArgument>([&] { (void)*proxy; }), HasSubstr("stands for nothing"));
  EXPECT_THROW((void)proxy.key(), InvalidArgument);
  EXPECT_THROW(proxy.resolve_async(), InvalidArgument);
  EXPECT_THROW((void)serialize(proxy), InvalidArgument);
  EXPECT_THROW((void)*deserialize<Proxy<int>>(serialize(detail::Reference{})), InvalidArgument);
  proxy = unresolved(1);
  EXPECT_TRUE(proxy.valid() && proxy == 1);
}

TEST_F(ProxyTest, EvictsWhatItResolved) {
  auto const proxy = store_.proxy(std::string("once"), {.evict_on_resolve = true});
  EXPECT_EQ(*proxy, "once");
  EXPECT_TRUE(store_.exists(proxy.key()));  // nothing was resolved: it had the object
  auto const first = travelled(proxy), second = travelled(proxy);
  EXPECT_EQ(*first, "once");
  EXPECT_FALSE(store_.exists(proxy.key()));
  EXPECT_EQ(*first, "once");
  EXPECT_THAT(text_of<ObjectNotFound>([&] { (void)*second; }), HasSubstr("evict_on_resolve"));
  EXPECT_EQ(counts_->evicts, 1);
}

TEST_F(ProxyTest, SharesItsObjectBeyondItsOwnLife) {
  std::shared_ptr<std::string const> object;
  {
    auto const proxy = unresolved(std::string("long lived"));
    object = proxy.share();
    EXPECT_EQ(object.get(), &*proxy);
  }
  store_.close();
  EXPECT_EQ(*object, "long lived");
}

TEST_F(ProxyTest, GivesOutACopy) {
  auto const proxy = unresolved(std::string("text"));
  std::string copy = proxy.extract();
  copy += '!';
  EXPECT_EQ(*proxy, "text");
}

}  // namespace
