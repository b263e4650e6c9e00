#include "support.hpp"

namespace {

using namespace support;
using testing::AllOf;
using testing::HasSubstr;

class Failing final : public ForwardingConnector {
 public:
  Failing() : ForwardingConnector(std::make_unique<LocalConnector>()) {}
  bool exists(Key const&) override { throw ConnectorError("no medium"); }
};

TEST(MetricsTest, AreNotKeptUnasked) { EXPECT_FALSE(open_local("store").metrics().has_value()); }

TEST(MetricsTest, CountCallsAndBytesOfEachOperation) {
  Store store = open_local("store", {.cache_objects = 0, .metrics = Metering::kept});
  auto const key = store.put(Bytes::copy_of("1234567"));
  (void)store.get<Bytes>(key);
  (void)store.get<Bytes>(key);
  (void)store.get<Bytes>(Key("absent"));
  auto const future = store.future<int>();
  future.set_result(1);
  (void)store.exists(key);
  store.evict(key);
  auto const metrics = *store.metrics();
  EXPECT_EQ(metrics.connector, "local");
  EXPECT_EQ(metrics.of("put").count, 1U);
  EXPECT_EQ(metrics.of("put").bytes, 10U) << "with the identifier";
  EXPECT_EQ(metrics.of("get").count, 3U);
  EXPECT_EQ(metrics.of("get").bytes, 20U);
  for (auto const* once : {"new_key", "set", "exists", "evict"}) EXPECT_EQ(metrics.of(once).count, 1U) << once;
  EXPECT_EQ(metrics.of("put_batch").count, 0U);
  EXPECT_EQ(metrics.operations.size(), 6U) << "those that were called";
}

TEST(MetricsTest, MeasureTimes) {
  Store store = open_local("store", {.metrics = Metering::kept});
  auto const future = store.future<int>();
  EXPECT_THROW(future.wait(20ms), Timeout);
  EXPECT_THROW(future.wait(Deadline::immediate()), Timeout);
  auto const waits = store.metrics()->of("wait");
  EXPECT_EQ(waits.count, 2U);
  EXPECT_GE(waits.max, 20ms);
  EXPECT_LE(waits.min, waits.mean());
  EXPECT_LE(waits.mean(), waits.max);
  EXPECT_EQ(waits.total / 2, waits.mean());
  std::uint64_t calls = 0;
  for (auto const n : waits.histogram) calls += n;
  EXPECT_EQ(calls, 2U);
  EXPECT_EQ(waits.quantile(1), waits.max);
  EXPECT_LE(waits.quantile(0.5), 2 * waits.max);
}

TEST(MetricsTest, CountTheBytesOfPartsThatCame) {
  MeteringConnector metering(std::make_unique<LocalConnector>());
  auto const key = metering.put(Buffer(100));
  std::vector<ObjectPart> const parts{{key, 100, 0, 1, {}}, {Key("absent"), 100, 0, 1, {}}};
  int visits = 0;
  metering.get_parts(parts, [&](std::size_t, std::optional<PartBytes> const&) { ++visits; });
  EXPECT_EQ(visits, 2);
  EXPECT_EQ(metering.metrics().of("get_parts").count, 1U);
  EXPECT_EQ(metering.metrics().of("get_parts").bytes, 100U) << "this connector has them whole at hand";
}

TEST(MetricsTest, CountFailuresApart) {
  MeteringConnector metering(std::make_unique<Failing>());
  EXPECT_THROW((void)metering.exists(Key("k")), ConnectorError);
  EXPECT_EQ(metering.metrics().of("exists").failures, 1U);
  EXPECT_EQ(metering.metrics().of("exists").count, 0U);
  EXPECT_EQ(metering.metrics().of("exists").mean(), 0ns);
}

TEST(MetricsTest, AreLoggedLineByLineWhenTheStoreCloses) {
  std::vector<std::string> lines;
  auto const log = [&](LogLevel, std::string_view line) { lines.emplace_back(line); };
  {
    Store store = open_local("store", {.log = log, .metrics = Metering::logged});
    (void)store.put(1);
  }
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_THAT(lines[0], HasSubstr("metrics of store 'store' in process"));
  EXPECT_THAT(lines[1], AllOf(HasSubstr("local"), HasSubstr("calls"), HasSubstr("median")));
  EXPECT_THAT(lines[2], HasSubstr("put"));
}

TEST(MetricsTest, AddUpFromAllThreads) {
  Store store = open_local("store", {.metrics = Metering::kept});
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&] {
        for (int i = 0; i < 500; ++i) (void)store.put(i);
      });
  }
  EXPECT_EQ(store.metrics()->of("put").count, 2000U);
}

}  // namespace
