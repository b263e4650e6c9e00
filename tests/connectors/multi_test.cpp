// Policies, dormant members, spilling and references; the contract is in contract_test.cpp.
#include "multi.hpp"

#include <chrono>
#include <optional>
#include <string_view>
#include <thread>

#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "folder.hpp"

namespace multi_test {
namespace {

using namespace std::chrono_literals;
using file_test::Scratch;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr auto patience = 50s;

Buffer buffer_of(std::string_view text) { return Buffer::copy_of(std::as_bytes(std::span(text))); }
std::optional<std::string> text_of(std::optional<Bytes> const& bytes) {
  return bytes ? std::optional(std::string(bytes->text())) : std::nullopt;
}
std::unique_ptr<Connector> local() { return std::make_unique<LocalConnector>(); }

template <class E, class Call>
std::string error_of(Call&& call) {
  try {
    std::forward<Call>(call)();
  } catch (E const& error) {
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

std::unique_ptr<Connector> from_text(std::string const& text) {
  register_connectors();
  return Registry::instance().connect(Config::parse(text));
}

TEST(Multi, PutsEachObjectWhereItsSizeBelongs) {
  auto const store = by_size();
  EXPECT_THAT(store->put(Buffer(1000)).text(), StartsWith("small:"));
  EXPECT_THAT(store->put(Buffer(1001)).text(), StartsWith("large:"));
}

TEST(Multi, PutsABatchEachWhereItsSizeBelongsAndGetsItInOrder) {
  auto const store = by_size();
  std::vector<Buffer> objects;
  for (std::size_t const size : {2000U, 1U, 3000U, 2U}) objects.push_back(Buffer(size));
  auto const keys = store->put_batch(std::move(objects));
  EXPECT_THAT(keys[2].text(), StartsWith("large:"));
  auto const got = store->get_batch(keys);
  std::vector<std::size_t> sizes;
  for (auto const& object : got) sizes.push_back(object.value().size());
  EXPECT_THAT(sizes, testing::ElementsAre(2000, 1, 3000, 2));
}

/// Moves parts, of objects as they lie in it.
class Cutting final : public ForwardingConnector {
 public:
  Cutting() : ForwardingConnector(std::make_unique<LocalConnector>()) {}
  void get_parts(std::span<ObjectPart const> parts, PartVisitor const& visit) override {
    ForwardingConnector::get_parts(parts, [&](std::size_t i, std::optional<PartBytes> object) {
      if (object && object->bytes.size() == parts[i].object)
        object = PartBytes{object->bytes.slice(parts[i].begin, parts[i].row), false};
      visit(i, std::move(object));
    });
  }
};

TEST(Multi, MovesPartsWhereItsMembersDo) {
  MultiOptions options;
  options.add("cuts", std::make_unique<Cutting>(), {.max_size = 10'000})
      .add("plain", std::make_unique<LocalConnector>(), {.priority = -1});
  auto const store = connect(std::move(options));
  auto const promised = [&](std::size_t size) {
    auto const key = store->deferrable()->new_key({.size = 100});
    store->deferrable()->set(key, Buffer(size));
    return key;
  };
  Key const put = store->put(Buffer(5000)), set = promised(5000), referred = promised(20'000);
  std::vector<ObjectPart> const parts{{put, 5000, 100, 10, {}},
                                      {Key("cuts?absent"), 5000, 100, 10, {}},
                                      {set, 5000, 100, 10, {}},
                                      {referred, 20'000, 100, 10, {}},
                                      {Key("no such"), 5000, 100, 10, {}}};
  std::vector<std::size_t> sizes(parts.size(), 1);
  store->get_parts(parts, [&](std::size_t i, std::optional<PartBytes> const& part) {
    sizes[i] = part ? part->bytes.size() : 0;
    EXPECT_EQ(part && part->whole, i == 3);
  });
  EXPECT_THAT(sizes, testing::ElementsAre(10, 0, 10, 20'000, 0));
}

TEST(Multi, PrefersTheHigherPriorityThenTheNarrowerRange) {
  MultiOptions options;
  options.add("a", local()).add("b", local(), {.max_size = 100}).add("c", local(), {.priority = 1, .min_size = 50});
  auto const store = connect(std::move(options));
  EXPECT_THAT(store->put(Buffer(60)).text(), StartsWith("c:"));
  EXPECT_THAT(store->put(Buffer(10)).text(), StartsWith("b:"));
}

/// As Python ProxyStore's Policy has it.
TEST(Multi, GoesByTags) {
  MultiOptions options;
  options.add("fast", local(), {.priority = 2, .subset_tags = {"hot", "gpu"}})
      .add("safe", local(), {.priority = 1, .superset_tags = {"keep"}})
      .add("plain", local());
  auto const store = connect(std::move(options));
  auto const where = [&](Tags const& tags) { return store->put_tagged(Buffer(1), tags).text(); };
  EXPECT_THAT(where({.subset = {"hot"}}), StartsWith("fast:"));
  EXPECT_THAT(where({.subset = {"gpu", "hot"}}), StartsWith("fast:"));
  EXPECT_THAT(where({.superset = {"x"}}), StartsWith("fast:"));
  EXPECT_THAT(error_of<ConnectorError>([&] { where({.subset = {"cold"}}); }), HasSubstr("fast, safe, plain"));

  MultiOptions keeping;
  keeping.add("safe", local(), {.priority = 1, .superset_tags = {"keep"}}).add("plain", local());
  auto const other = connect(std::move(keeping));
  EXPECT_THAT(other->put_tagged(Buffer(1), {.superset = {"keep", "x"}}).text(), StartsWith("safe:"));
  EXPECT_THAT(other->put_tagged(Buffer(1), {.superset = {"x"}}).text(), StartsWith("plain:"));
  EXPECT_THAT(other->put(Buffer(1)).text(), StartsWith("plain:"));
}

TEST(Multi, TakesTagsOfPutsProxiesAndFutures) {
  MultiOptions options;
  options.add("hot", local(), {.subset_tags = {"hot"}}).add("rest", local(), {.priority = 1});
  auto store = Store::open("tagged", connect(std::move(options)));
  Tags const hot{.subset = {"hot"}};
  EXPECT_THAT(store.put(1, {.tags = hot}).text(), StartsWith("hot:"));
  EXPECT_THAT(store.put_batch(std::vector{1, 2}, {.tags = hot}).back().text(), StartsWith("hot:"));
  EXPECT_THAT(store.proxy(1, {.tags = hot}).key().text(), StartsWith("hot:"));
  EXPECT_THAT(store.future<int>({.tags = hot}).key().text(), StartsWith("hot?"));
  EXPECT_THAT(store.future<int>().key().text(), StartsWith("rest?"));
}

TEST(Multi, MakesKeysWhereTheHintedSizeBelongsOrTheWidestRangeIs) {
  MultiOptions options;
  options.add("large", local()).add("small", local(), {.max_size = 100});
  auto store = Store::open("hinted", connect(std::move(options)));
  EXPECT_THAT(store.future<int>({.size = 10}).key().text(), StartsWith("small?"));
  EXPECT_THAT(store.future<int>({.size = 1000}).key().text(), StartsWith("large?"));
  EXPECT_THAT(store.future<int>().key().text(), StartsWith("large?"));
}

TEST(Multi, RefusesWhatNoPolicyTakes) {
  MultiOptions options;
  options.add("small", local(), {.max_size = 10});
  auto const store = connect(std::move(options));
  EXPECT_THAT(error_of<ConnectorError>([&] { store->put(Buffer(11)); }), HasSubstr("11 bytes"));
  EXPECT_THAT(error_of<ConnectorError>([&] { store->deferrable()->new_key({.size = 11}); }), HasSubstr("small"));
  Key const key = store->deferrable()->new_key({});
  EXPECT_THROW(store->deferrable()->set(key, Buffer(11)), ConnectorError);
  store->deferrable()->set(key, Buffer(10));
  EXPECT_EQ(store->deferrable()->wait(key, patience), State::ready);
}

TEST(Multi, AllocatesInTheMemoryOfWhereTheObjectGoes) {
  Scratch const scratch;
  auto const store = from_text("multi:?small=local:&small.max=1KiB&large=file://" + scratch.path().string());
  auto memory = store->allocate(1 << 20);
  EXPECT_NE(memory.arena(), nullptr);
  EXPECT_EQ(store->get(store->put(std::move(memory))).value().size(), 1U << 20);
  EXPECT_EQ(store->allocate(100).arena(), nullptr);
  EXPECT_EQ(store->stage(1 << 20).arena(), nullptr);
  EXPECT_NE(store->stage(32 << 20).arena(), nullptr);
}

TEST(Multi, IsRebuiltFromItsConfigElsewhere) {
  Scratch const scratch;
  auto const text = "multi:?small=file://" + (scratch / "a").string() +
                    "&small.poll=100ms&small.max=64KiB&small.priority=-3" +
                    "&small.subset_tags=x,y&small.superset_tags=z&large=file://" + (scratch / "b").string() +
                    "&large.min=1KiB&large.hosts=.*&spill=large";
  auto const first = from_text(text);
  auto const config = first->config();
  auto const second = from_text(config.to_string());
  EXPECT_EQ(second->config(), config);
  EXPECT_EQ(config.text("small.poll"), "100000000ns");
  Key const key = first->put_tagged(buffer_of("x"), {.superset = {"z"}});
  EXPECT_THAT(key.text(), StartsWith("small:"));
  EXPECT_EQ(text_of(second->get(key)), "x");
  Key const promised = first->deferrable()->new_key({});
  second->deferrable()->set(promised, buffer_of("y"));
  EXPECT_EQ(text_of(first->deferrable()->receive(promised, patience).object), "y");
}

TEST(Multi, LetsAProxyThatArrivesRebuildIt) {
  Scratch const scratch;
  auto const text = "multi:?small=file://" + (scratch / "a").string() + "&small.max=10&large=file://" +
                    (scratch / "b").string() + "&spill=large";
  register_connectors();
  std::vector<Bytes> sent;
  {
    auto store = Store::open("travelling", text);
    sent.push_back(serialize(store.proxy(std::string("short"))));
    sent.push_back(serialize(store.proxy(std::string("much longer than that"))));
    auto const future = store.future<std::string>({.size = 5});
    sent.push_back(serialize(future.proxy()));
    future.set_result("longer than its key's connector takes");
  }
  EXPECT_EQ(*deserialize<Proxy<std::string>>(sent[0]), "short");
  EXPECT_EQ(*deserialize<Proxy<std::string>>(sent[1]), "much longer than that");
  EXPECT_EQ(*deserialize<Proxy<std::string>>(sent[2]), "longer than its key's connector takes");
  Registry::instance().close_arrived();
}

TEST(Multi, LeavesAConnectorDormantOnOtherHosts) {
  auto const text = "multi:?here=local:&there=file:///proc/no/such/place&there.hosts=no-host-at-all&there.priority=9";
  auto const store = from_text(text);
  EXPECT_THAT(store->put(Buffer(1)).text(), StartsWith("here:"));
  EXPECT_EQ(store->config().text("there"), "file:///proc/no/such/place");
  EXPECT_EQ(store->config().text("there.hosts"), "no-host-at-all");
  Key const key("there:00000000-0000-4000-8000-000000000000");
  EXPECT_THAT(error_of<ConnectorError>([&] { (void)store->get(key); }), HasSubstr("dormant here"));
  EXPECT_THROW((void)store->exists(key), ConnectorError);
  EXPECT_THROW(store->evict(key), ConnectorError);
  EXPECT_THROW((void)store->deferrable()->wait(key, 0ms), ConnectorError);
  EXPECT_THAT(store->report(), HasSubstr("there is dormant here"));
}

TEST(Multi, MatchesTheWholeNameOfTheHost) {
  char host[256] = {};
  ASSERT_EQ(gethostname(host, sizeof host - 1), 0);
  std::string const name(host);
  auto const opens = [](std::string const& hosts) {
    MultiOptions options;
    options.add("a", "local:", {.hosts = hosts});
    return MultiConnector(std::move(options)).report().find("dormant") == std::string::npos;
  };
  register_connectors();
  EXPECT_TRUE(opens("no-host-at-all|.*"));
  EXPECT_TRUE(opens(name));
  EXPECT_FALSE(opens(name.substr(0, 1)));
}

TEST(Multi, SpillsWhatAConnectorHasNoRoomForAndReadersDoNotNotice) {
  auto const store = spilling();
  Key const key = store->put(Buffer::copy_of(std::vector<std::byte>(200, std::byte{7})));
  EXPECT_THAT(key.text(), StartsWith("wide:"));
  EXPECT_EQ(store->get(key).value().text(), std::string(200, '\7'));
}

TEST(Multi, SpillsToTheNextThatHasRoomAndAllowsTheSize) {
  MultiOptions options;
  options.add("a", std::make_unique<Narrow>(10), {.priority = 9})
      .add("b", std::make_unique<Narrow>(20))
      .add("c", local(), {.max_size = 25})
      .add("d", std::make_unique<Narrow>(40));
  options.spill = {"b", "c", "d"};
  auto const store = connect(std::move(options));
  EXPECT_THAT(store->put(Buffer(10)).text(), StartsWith("a:"));
  EXPECT_THAT(store->put(Buffer(20)).text(), StartsWith("b:"));
  EXPECT_THAT(store->put(Buffer(21)).text(), StartsWith("c:"));
  EXPECT_THAT(store->put(Buffer(30)).text(), StartsWith("d:"));
  EXPECT_THAT(error_of<StoreFull>([&] { store->put(Buffer(41)); }), HasSubstr("41 bytes"));
}

TEST(Multi, ThrowsStoreFullWithoutASpill) {
  MultiOptions options;
  options.add("a", std::make_unique<Narrow>(10), {.priority = 1}).add("b", local());
  auto const store = connect(std::move(options));
  EXPECT_THROW(store->put(Buffer(11)), StoreFull);
  Key const key = store->deferrable()->new_key({});
  EXPECT_THROW(store->deferrable()->set(key, Buffer(11)), StoreFull);
  EXPECT_FALSE(store->exists(key));
}

/// Beside what lies under its key, a future that has spilt has an object elsewhere.
class MultiReference : public testing::Test {
 protected:
  void SetUp() override {
    MultiOptions options;
    auto spill = std::make_unique<LocalConnector>();
    wide_ = spill.get();
    options.add("narrow", std::make_unique<Narrow>(100), {.priority = 1}).add("wide", std::move(spill));
    options.spill = {"wide"};
    store_ = connect(std::move(options));
  }
  DeferrableConnector& store() { return *store_->deferrable(); }
  std::string wide() const { return wide_->report(); }

 private:
  std::unique_ptr<Connector> store_;
  LocalConnector* wide_ = nullptr;
};

TEST_F(MultiReference, WakesAWaiterWithAnObjectThatHasSpilt) {
  Key const key = store().new_key({});
  EXPECT_THAT(key.text(), StartsWith("narrow?"));
  std::optional<std::string> seen;
  std::jthread consumer([&] { seen = text_of(store().receive(key, patience).object); });
  store().set(key, buffer_of(std::string(500, 'x')));
  consumer.join();
  EXPECT_EQ(seen, std::string(500, 'x'));
  EXPECT_THAT(wide(), HasSubstr("1 objects, 500 bytes"));
}

TEST_F(MultiReference, EvictsTheObjectWithItsKey) {
  Key const key = store().new_key({});
  store().set(key, Buffer(500));
  store().evict(key);
  EXPECT_EQ(store().get(key), std::nullopt);
  EXPECT_EQ(store().wait(key, patience), State::gone);
  EXPECT_THAT(wide(), HasSubstr("0 objects"));
}

TEST_F(MultiReference, LeavesNothingOfASecondSet) {
  Key const key = store().new_key({});
  store().set(key, buffer_of("first"));
  EXPECT_THROW(store().set(key, Buffer(500)), AlreadySet);
  EXPECT_EQ(text_of(store().get(key)), "first");
  EXPECT_THAT(wide(), HasSubstr("0 objects"));
}

TEST_F(MultiReference, TellsObjectsThatLookLikeOneFromOne) {
  for (std::string const text : {"FW\n1:1", "FW\n=x", "FW\n", "FW\n9:"}) {
    Key const set = store().new_key({});
    store().set(set, buffer_of(text));
    EXPECT_EQ(text_of(store().get(set)), text);
    EXPECT_EQ(text_of(store().receive(set, patience).object), text);
    EXPECT_EQ(text_of(store().get(store().put(buffer_of(text)))), text);
  }
}

TEST_F(MultiReference, CallsADamagedOneCorrupt) {
  for (std::string const text : {"FW\n", "FW\n1", "FW\nwide:1", "FW\n7:1", "FW\n-1:1", "FW\n99999999999999999999:1"}) {
    MultiOptions options;
    auto inner = std::make_unique<LocalConnector>();
    auto& memory = *inner;
    options.add("a", std::move(inner));
    auto const multi = connect(std::move(options));
    Key const key = multi->deferrable()->new_key({});
    memory.set(Key(key.text().substr(2)), buffer_of(text));
    EXPECT_THROW((void)multi->get(key), CorruptObject) << text;
  }
}

TEST(Multi, RefusesTextsThatCannotBe) {
  std::pair<char const*, char const*> const texts[] = {
      {"multi:", "names none"},
      {"multi://here?a=local:", "no location"},
      {"multi:?a=local:&b.max=1", "belongs to no connector"},
      {"multi:?a=here", "names no kind"},
      {"multi:?a=none:", "kind 'none' is unknown"},
      {"multi:?a=local:&a.colour=red", "no option 'colour'"},
      {"multi:?a=local:&a.max=much", "a.max=64MiB"},
      {"multi:?a=local:&a.max=1&a.min=2", "no size"},
      {"multi:?a=local:&a.priority=high", "a whole number"},
      {"multi:?a=local:&a.hosts=(", "no regular expression"},
      {"multi:?a=local:&spill=b", "cannot spill to 'b'"},
      {"multi:?a%20b=local:", "cannot be called so"},
      {"multi:?a=file:///x?fsync=yes&a.fsync=no", "given twice"},
  };
  for (auto const& [text, why] : texts)
    EXPECT_THAT(error_of<ConfigError>([&, t = text] { (void)from_text(t); }), HasSubstr(why)) << text;
}

TEST(Multi, RefusesOptionsThatCannotBe) {
  MultiOptions twice;
  twice.add("a", local()).add("a", local());
  EXPECT_THAT(error_of<ConfigError>([&] { connect(std::move(twice)); }), HasSubstr("two connectors called 'a'"));
  MultiOptions open;
  open.add("a", local(), {.hosts = "node1"});
  EXPECT_THAT(error_of<ConfigError>([&] { connect(std::move(open)); }), HasSubstr("is open already"));
  MultiOptions comma;
  comma.add("a", local(), {.subset_tags = {"x,y"}});
  EXPECT_THROW(connect(std::move(comma)), ConfigError);
  EXPECT_THROW(MultiOptions().add("a", std::unique_ptr<Connector>()), InvalidArgument);
}

TEST(Multi, ShowsNoPasswordsOfItsConnectors) {
  for (auto const* text :
       {"multi:?a=redis://me:secret@host:1/0&b=file:///x",
        "multi:?a=redis:&a.password=secret&b=local:", "multi:?b=local:&a=redis://x?password%3Dsecret%26prefix%3Dp",
        "multi:?a=redis://h&b=redis://:secret@x?prefix=p"})
    EXPECT_THAT(Config::without_secrets(text), Not(HasSubstr("secret"))) << text;
}

}  // namespace
}  // namespace multi_test
