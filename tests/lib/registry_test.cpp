#include <latch>

#include "support.hpp"

namespace {

using namespace support;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

/// As in a process that a proxy reaches: the store that made it is not open there.
template <class T>
Proxy<T> proxy_of_a_closed_store(T object, std::string const& connector) {
  Store store = Store::open("elsewhere", connector);
  return travelled(store.proxy(std::move(object)));
}

class RegistryTest : public testing::Test {
 protected:
  RegistryTest() {
    ShelfConnector::add_kind();
    LocalConnector::add_kind(registry_);
  }
  ~RegistryTest() override { registry_.close_arrived(); }

  Registry& registry_ = Registry::instance();
};

TEST_F(RegistryTest, KnowsKindsAndWhichAreDeferrable) {
  EXPECT_THAT(registry_.kinds(), AllOf(Contains("local"), Contains("shelf")));
  EXPECT_THAT(registry_.deferrable_kinds(), AllOf(Contains("local"), Not(Contains("shelf"))));
}

TEST_F(RegistryTest, ReplacesAKindThatIsAddedTwice) {
  registry_.add_kind("twice", Registry::Deferral::no,
                     [](Config const&) -> std::unique_ptr<Connector> { throw ConfigError("the first"); });
  EXPECT_THROW((void)registry_.connect(Config("twice")), ConfigError);
  registry_.add_kind("twice", Registry::Deferral::yes,
                     [](Config const&) { return std::make_unique<LocalConnector>(); });
  EXPECT_NE(registry_.connect(Config("twice")), nullptr);
  EXPECT_THAT(registry_.kinds(), Contains("twice").Times(1));
  EXPECT_THAT(registry_.deferrable_kinds(), Contains("twice"));
}

TEST_F(RegistryTest, ListsTheOpenStores) {
  Store store = open_local("listed");
  EXPECT_THAT(registry_.stores(), Contains("listed"));
  EXPECT_NE(registry_.find("listed"), nullptr);
  store.close();
  EXPECT_THAT(registry_.stores(), Not(Contains("listed")));
}

TEST_F(RegistryTest, OpensTheStoreOfAProxyThatArrives) {
  auto const proxy = proxy_of_a_closed_store(std::string("object"), "shelf:arrivals");
  EXPECT_EQ(registry_.find("elsewhere"), nullptr);
  EXPECT_EQ(*proxy, "object");
  auto const opened = registry_.find("elsewhere");
  ASSERT_NE(opened, nullptr);
  EXPECT_EQ(*travelled(proxy), "object");
  EXPECT_EQ(registry_.find("elsewhere"), opened);
}

TEST_F(RegistryTest, OpensItOnceForManyThreads) {
  auto const proxy = proxy_of_a_closed_store(std::string("object"), "shelf:arrivals");
  std::latch start(8);
  std::atomic<int> wrong = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 8; ++t)
      threads.emplace_back([&, mine = travelled(proxy)] {
        start.arrive_and_wait();
        if (*mine != "object") ++wrong;
      });
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_THAT(registry_.stores(), testing::ElementsAre("elsewhere"));
}

TEST_F(RegistryTest, ClosesTheStoresThatArrived) {
  auto const proxy = proxy_of_a_closed_store(1, "shelf:arrivals");
  auto const later = travelled(proxy);
  Store own = open_local("own");
  EXPECT_EQ(*proxy, 1);
  auto const opened = registry_.find("elsewhere");
  registry_.close_arrived();
  EXPECT_THROW((void)opened->exists(proxy.key()), StoreClosed);
  EXPECT_EQ(registry_.find("elsewhere"), nullptr);
  EXPECT_NE(registry_.find("own"), nullptr);
  EXPECT_EQ(*proxy, 1);
  EXPECT_EQ(*later, 1);  // opens it anew
}

TEST_F(RegistryTest, PrefersTheStoreThatIsOpenHere) {
  auto const proxy = proxy_of_a_closed_store(1, "shelf:arrivals");
  Store here = Store::open("elsewhere", "shelf:arrivals");
  EXPECT_EQ(*proxy, 1);
  here.close();
  EXPECT_EQ(registry_.find("elsewhere"), nullptr);
}

TEST_F(RegistryTest, NeverTakesAnotherStoreOfThatName) {
  auto const proxy = proxy_of_a_closed_store(1, "shelf:arrivals");
  Store other = Store::open("elsewhere", "shelf:other");
  EXPECT_THAT(text_of<UnknownStore>([&] { (void)*proxy; }),
              AllOf(HasSubstr("'elsewhere'"), HasSubstr("shelf:arrivals"), HasSubstr("shelf:other")));
}

TEST_F(RegistryTest, SaysWhyAStoreCannotBeOpened) {
  auto const local = proxy_of_a_closed_store(1, "local:");
  EXPECT_THAT(text_of<UnknownStore>([&] { (void)*local; }),
              AllOf(HasSubstr("'elsewhere'"), HasSubstr("only in the process")));
  for (auto const* connector : {"carrier-pigeon:", "no kind", "shelf:x?no=option"}) {
    detail::StoreInfo const info{"elsewhere", connector};
    EXPECT_THROW((void)registry_.find_or_open(info), UnknownStore) << connector;
  }
}

}  // namespace
