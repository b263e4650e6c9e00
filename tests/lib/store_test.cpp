#include <numeric>

#include "support.hpp"

namespace {

using namespace support;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

static_assert(!std::is_copy_constructible_v<Store> && std::is_nothrow_move_constructible_v<Store>);

TEST(StoreTest, GivesBackWhatWasPut) {
  Store store = open_local("store");
  Key const key = store.put(std::string("object"));
  EXPECT_EQ(store.get<std::string>(key), "object");
  EXPECT_TRUE(store.exists(key));
  EXPECT_EQ(store.get<std::string>(Key("absent")), std::nullopt);
  EXPECT_FALSE(store.exists(Key("absent")));
}

class ListeningConnector final : public ForwardingConnector {
 public:
  explicit ListeningConnector(std::string& store)
      : ForwardingConnector(std::make_unique<LocalConnector>()), store_(store) {}
  void opened_as(std::string const& store) override { store_ = store; }

 private:
  std::string& store_;
};

TEST(StoreTest, TellsItsNameToAConnectorBehindADecorator) {
  std::string told;
  Store const store =
      Store::open("results", std::make_unique<ForwardingConnector>(std::make_unique<ListeningConnector>(told)));
  EXPECT_EQ(told, "results");
}

TEST(StoreTest, FindsNothingAfterEvict) {
  Store store = open_local("store");
  Key const key = store.put(1);
  store.evict(key);
  EXPECT_FALSE(store.exists(key));
  EXPECT_EQ(store.get<int>(key), std::nullopt);
  EXPECT_NO_THROW(store.evict(key));
}

TEST(StoreTest, RefusesToReadAnObjectAsAnotherType) {
  Store store = open_local("store");
  Key const key = store.put(std::string("text"));
  EXPECT_THROW((void)store.get<int>(key), CorruptObject);
}

TEST(StoreTest, ThrowsTheFailureOfAProducerInPlaceOfItsObject) {
  Store store = open_local("store");
  auto const future = store.future<int>();
  future.set_exception(std::runtime_error("diverged"));
  EXPECT_THAT(text_of<RemoteError>([&] { (void)store.get<int>(future.key()); }), HasSubstr("diverged"));
  EXPECT_THROW((void)store.get_batch<int>({future.key()}), RemoteError);
}

TEST(StoreTest, PutsAndGetsBatchesInOrder) {
  Store store = open_local("store");
  auto const keys = store.put_batch(std::vector<std::string>{"a", "b", "c"});
  ASSERT_EQ(keys.size(), 3U);
  store.evict(keys[1]);
  EXPECT_THAT(store.get_batch<std::string>({keys[2], keys[1], keys[0]}),
              ElementsAre(std::optional<std::string>("c"), std::nullopt, std::optional<std::string>("a")));
}

TEST(StoreTest, MakesAProxyThatIsResolvedAlready) {
  Store store = open_local("store");
  auto const proxy = store.proxy(std::string("here"));
  EXPECT_TRUE(proxy.is_resolved());
  EXPECT_EQ(store.get<std::string>(proxy.key()), "here");
  store.evict(proxy.key());
  EXPECT_EQ(*proxy, "here");
}

TEST(StoreTest, MakesAProxyThatReadsTheStoredObject) {
  Store store = open_local("store");
  auto const proxy = store.proxy(std::string("there"), {.populate = false});
  EXPECT_FALSE(proxy.is_resolved());
  EXPECT_EQ(*proxy, "there");
}

TEST(StoreTest, MakesProxiesOfABatch) {
  Store store = open_local("store");
  std::vector<int> const objects{1, 2, 3};
  EXPECT_THAT(store.proxy_batch(objects), ElementsAre(1, 2, 3));
  auto const unresolved = store.proxy_batch(objects, {.populate = false});
  EXPECT_FALSE(unresolved[0].is_resolved());
  EXPECT_THAT(unresolved, ElementsAre(1, 2, 3));
}

TEST(StoreTest, MakesAProxyFromAKeyWithoutARequest) {
  Store store = open_local("store");
  EXPECT_EQ(*store.proxy_from_key<int>(store.put(5)), 5);
  auto const nothing = store.proxy_from_key<int>(Key("absent"));
  EXPECT_THAT(text_of<ObjectNotFound>([&] { (void)*nothing; }),
              AllOf(HasSubstr("'absent'"), HasSubstr("'store'"), HasSubstr("store_test.cpp:")));
}

TEST(StoreTest, LocksAProxyUntilItIsUnlocked) {
  Store store = open_local("store");
  auto const locker = travelled(store.locked_proxy(std::string("locked")));
  static_assert(!std::is_convertible_v<decltype(locker), std::string const&>);
  EXPECT_EQ(*locker.unlock(), "locked");
}

TEST(StoreTest, PublishesAnArrayInTheMemoryItWasWrittenIn) {
  Store store = open_local("store");
  auto array = store.allocate<double>({10, 10});
  std::iota(array.begin(), array.end(), 0.0);
  auto const* const written = std::as_const(array).data();
  auto const read = store.get<Array<double>>(store.put(std::move(array)));
  EXPECT_EQ(read->data(), written);
  EXPECT_EQ((*read)(9, 9), 99);
}

TEST(StoreTest, OpensByText) {
  LocalConnector::add_kind(Registry::instance());
  Store store = Store::open("by text", "local:");
  EXPECT_EQ(store.config().kind(), "local");
  EXPECT_EQ(store.get<int>(store.put(3)), 3);
  EXPECT_THROW((void)Store::open("other", "local:?no=option"), ConfigError);
  EXPECT_THAT(text_of<ConfigError>([] { (void)Store::open("other", "carrier-pigeon:"); }),
              AllOf(HasSubstr("'carrier-pigeon' is unknown"), HasSubstr("local"), HasSubstr("register_connectors")));
}

TEST(StoreTest, NeedsANameAndAConnector) {
  EXPECT_THROW((void)open_local(""), InvalidArgument);
  EXPECT_THROW((void)Store::open("store", std::unique_ptr<Connector>()), InvalidArgument);
  EXPECT_THROW((void)ForwardingConnector(nullptr), InvalidArgument);
}

TEST(StoreTest, SharesItsNameWithNobody) {
  Store store = open_local("mine");
  EXPECT_THAT(text_of<StoreExists>([] { (void)open_local("mine"); }), HasSubstr("'mine'"));
  EXPECT_EQ(store.get<int>(store.put(1)), 1);
  store.close();
  EXPECT_NO_THROW((void)open_local("mine"));
}

TEST(StoreTest, NamesTheConnectorThatCannotMakeFutures) {
  LocalConnector::add_kind(Registry::instance());
  Store store = Store::open("store", std::make_unique<ShelfConnector>("deferrals"));
  EXPECT_THAT(text_of<NotDeferrable>([&] { (void)store.future<int>(); }),
              AllOf(HasSubstr("'shelf'"), HasSubstr("'store'"), HasSubstr("local")));
  Store wrapped = Store::open("wrapped", std::make_unique<ForwardingConnector>(std::make_unique<ShelfConnector>("w")));
  EXPECT_THROW((void)wrapped.future<int>(), NotDeferrable);
}

TEST(StoreTest, RefusesEverythingOnceClosed) {
  Store store = open_local("closing");
  auto const resolved = store.proxy(std::string("kept"));
  auto const unresolved = store.proxy(std::string("lost"), {.populate = false});
  Key const key = resolved.key();
  store.close();
  store.close();
  EXPECT_THROW((void)store.put(1), StoreClosed);
  EXPECT_THROW((void)store.put_batch(std::vector<int>{1}), StoreClosed);
  EXPECT_THROW((void)store.get<std::string>(key), StoreClosed);
  EXPECT_THROW((void)store.get_batch<std::string>({key}), StoreClosed);
  EXPECT_THROW((void)store.exists(key), StoreClosed);
  EXPECT_THROW(store.evict(key), StoreClosed);
  EXPECT_THROW((void)store.future<int>(), StoreClosed);
  EXPECT_THAT(text_of<StoreClosed>([&] { (void)*unresolved; }), HasSubstr("'closing'"));
  EXPECT_EQ(*resolved, "kept");
  EXPECT_THAT(store.report(), HasSubstr("(closed)"));
}

TEST(StoreTest, ClosesWhenItsOwnerGoesOrTakesAnother) {
  Store first = open_local("first");
  {
    Store const moved = std::move(first);
    EXPECT_EQ(moved.name(), "first");
    EXPECT_NE(Registry::instance().find("first"), nullptr);
  }
  EXPECT_EQ(Registry::instance().find("first"), nullptr);
  EXPECT_THROW((void)first.put(1), InvalidArgument);  // NOLINT(bugprone-use-after-move)

  Store store = open_local("second");
  store = open_local("third");
  EXPECT_EQ(Registry::instance().find("second"), nullptr);
  EXPECT_EQ(store.get<int>(store.put(3)), 3);
}

TEST(StoreTest, TellsOfAConnectorThatCannotClose) {
  struct Stuck final : ForwardingConnector {
    Stuck() : ForwardingConnector(std::make_unique<LocalConnector>()) {}
    void close() override { throw ConnectorError("stuck"); }
  };
  Store store = Store::open("stuck", std::make_unique<Stuck>());
  EXPECT_THROW(store.close(), ConnectorError);
  EXPECT_EQ(Registry::instance().find("stuck"), nullptr);
  EXPECT_NO_THROW({ Store forgotten = Store::open("stuck", std::make_unique<Stuck>()); });
}

TEST(StoreTest, ReportsWhatIsOpen) {
  Store store = open_local("reported");
  (void)store.put(1);
  EXPECT_THAT(store.report(),
              AllOf(HasSubstr("store 'reported' on local:"), HasSubstr("1 objects"), HasSubstr("nobody waits here")));
}

}  // namespace
