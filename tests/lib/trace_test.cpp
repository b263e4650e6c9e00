#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "support.hpp"

namespace {

using namespace support;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class TraceTest : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove(file_); }

  std::string const file_ =
      (std::filesystem::temp_directory_path() / ("trace." + make_uuid_key().text() + ".json")).string();
  StoreOptions traced_{.trace = file_};

  std::string text() const {
    std::ifstream in(file_, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  /// The lines that hold all of the parts.
  std::vector<std::string> events(std::initializer_list<std::string> parts) const {
    std::vector<std::string> found;
    std::ifstream in(file_, std::ios::binary);
    for (std::string line; std::getline(in, line);)
      if (std::all_of(parts.begin(), parts.end(), [&](auto const& part) { return line.find(part) != line.npos; }))
        found.push_back(line);
    return found;
  }
  static double number(std::string const& line, std::string const& name) {
    auto const at = line.find('"' + name + "\":");
    return at == line.npos ? -1 : std::strtod(line.c_str() + at + name.size() + 3, nullptr);
  }
};

TEST_F(TraceTest, TellsTheLifeOfAFuture) {
  std::string key;
  {
    Store store = open_local("traced", traced_);
    auto const future = store.future<std::string>();
    key = future.key().text();
    std::jthread consumer([&] { EXPECT_EQ(future.proxy().resolve(patience), "value"); });
    until_waiting(store, 1);
    future.set_result("value");
    consumer.join();
    store.evict(future.key());
    EXPECT_EQ(text(), "") << "it is written when the store closes";
  }
  auto const of_key = "\"key\":\"" + key + "\"";
  for (std::string const what : {"made", "set", "resolve", "evict"}) {
    auto const found = events({"\"name\":\"" + what + "\"", of_key});
    ASSERT_EQ(found.size(), 1U) << what;
    EXPECT_THAT(found[0], AllOf(HasSubstr("\"store\":\"traced\""), HasSubstr("\"medium\":\"local\"")));
    if (what != "evict") {
      EXPECT_THAT(found[0], HasSubstr("\"made\":\"trace_test.cpp:"));
    }
  }
  auto const set = events({"\"name\":\"set\"", of_key})[0], resolve = events({"\"name\":\"resolve\"", of_key})[0];
  EXPECT_EQ(number(set, "bytes"), 8);
  EXPECT_EQ(number(resolve, "bytes"), 8);
  EXPECT_LT(number(resolve, "ts"), number(set, "ts")) << "the consumer came first";
  EXPECT_GT(number(resolve, "ts") + number(resolve, "dur"), number(set, "ts"));
  // The arrow leads from within the one to within the other.
  auto const begin = events({R"("ph":"s")"}), end = events({R"("ph":"f")"});
  ASSERT_TRUE(begin.size() == 1 && end.size() == 1);
  EXPECT_EQ(begin[0].substr(begin[0].find("\"id\":"), 20), end[0].substr(end[0].find("\"id\":"), 20));
  EXPECT_EQ(number(begin[0], "ts"), number(set, "ts"));
  EXPECT_LT(number(end[0], "ts"), number(resolve, "ts") + number(resolve, "dur"));
}

TEST_F(TraceTest, HasTheTimesOfTheSteadyClock) {
  constexpr double tolerance = 20;  // microseconds
  auto const now = [] {
    return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now().time_since_epoch()).count();
  };
  std::vector<std::pair<double, double>> bounds;
  {
    Store store = open_local("traced", traced_);
    auto const never = store.future<int>();
    for (int i = 0; i < 30; ++i) {  // in all about as long as a look at the clock is good for
      auto const before = now();
      EXPECT_THROW(never.wait(i * 1ms), Timeout);
      bounds.emplace_back(before, now());
    }
  }
  auto const waits = events({R"("name":"wait")"});
  ASSERT_EQ(waits.size(), bounds.size());
  for (std::size_t i = 0; i < waits.size(); ++i) {
    auto const begin = number(waits[i], "ts"), took = number(waits[i], "dur");
    EXPECT_GT(begin, bounds[i].first - tolerance) << i;
    EXPECT_LT(begin + took, bounds[i].second + tolerance) << i;
    EXPECT_GT(took, 1000 * static_cast<double>(i) - tolerance) << i;
  }
}

TEST_F(TraceTest, TellsOfWaitsThatEndOtherwise) {
  {
    Store store = open_local("traced", traced_);
    auto const future = store.future<int>();
    EXPECT_THROW(future.wait(1ms), Timeout);
    future.set_exception(std::runtime_error("diverged"));
    EXPECT_THROW(future.set_result(1), AlreadySet);
    EXPECT_THROW((void)future.result(), RemoteError);
  }
  EXPECT_EQ(events({R"("name":"wait")", R"("error":"timeout")"}).size(), 1U);
  EXPECT_EQ(events({R"("name":"failed")"}).size(), 1U);
  EXPECT_EQ(events({R"("name":"set")", R"("error":"already_set")"}).size(), 1U);
  EXPECT_EQ(events({R"("name":"resolve")", R"("error":"remote")"}).size(), 1U);
}

TEST_F(TraceTest, TellsOfPlainObjects) {
  {
    Store store = open_local("traced", traced_);
    (void)*store.proxy(std::string("object"), {.populate = false});
    (void)store.put_batch(std::vector<int>{1, 2});
  }
  EXPECT_EQ(events({R"("name":"put")"}).size(), 3U);
  EXPECT_EQ(events({R"("name":"resolve")"}).size(), 1U);
}

TEST_F(TraceTest, GathersTheStoresOfAProcessInOneFile) {
  {
    Store first = open_local("first", traced_), second = open_local("second", traced_);
    (void)first.put(1);
    (void)second.put(2);
  }
  EXPECT_EQ(events({R"("name":"put")", "\"first\""}).size(), 1U);
  EXPECT_EQ(events({R"("name":"put")", "\"second\""}).size(), 1U);
  EXPECT_EQ(times(text(), "traceEvents"), 1);
  EXPECT_TRUE(text().ends_with("}}\n]}\n")) << text();
}

TEST_F(TraceTest, ReplacesAnOlderFile) {
  std::ofstream(file_) << "of another run";
  std::filesystem::last_write_time(file_, std::filesystem::file_time_type::clock::now() - 1h);
  { (void)open_local("traced", traced_).put(1); }
  EXPECT_THAT(text(), AllOf(testing::StartsWith("{\"displayTimeUnit\""), Not(HasSubstr("another run"))));
}

TEST_F(TraceTest, KeepsNoMoreThanItMay) {
  std::vector<std::string> lines;
  traced_.trace_events = 600;  // rounded up to whole chunks
  traced_.log = [&](LogLevel, std::string_view line) { lines.emplace_back(line); };
  {
    Store store = open_local("traced", traced_);
    for (int i = 0; i < 3000; ++i) (void)store.put(i);
  }
  auto const kept = events({R"("name":"put")"}).size();
  EXPECT_TRUE(kept >= 600 && kept <= 1200) << kept;
  EXPECT_EQ(events({R"("name":"process_labels")", std::to_string(3000 - kept) + " events dropped"}).size(), 1U);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_THAT(lines[0], HasSubstr("lacks " + std::to_string(3000 - kept) + " events"));
}

TEST_F(TraceTest, RecordsThreadsAndStoresSideBySide) {
  constexpr int threads = 4, each = 300;
  {
    Store first = open_local("first", traced_), second = open_local("second", traced_);
    std::vector<std::jthread> putting;
    for (int t = 0; t < threads; ++t)
      putting.emplace_back([&] {
        for (int i = 0; i < each; ++i) (void)(i % 3 ? first : second).put(i);
      });
  }
  EXPECT_EQ(events({R"("name":"put")"}).size(), static_cast<std::size_t>(threads * each));
}

TEST_F(TraceTest, QuotesWhatIsOdd) {
  {
    Store store = open_local("a \"store\"\n\xff\\", traced_);
    (void)store.put(1);
  }
  EXPECT_EQ(events({R"("store":"a \"store\"\u000a\u00ff\\")"}).size(), 1U);
}

TEST_F(TraceTest, ClosesThoughTheFileCannotBeWritten) {
  std::vector<std::string> lines;
  StoreOptions const nowhere{.log = [&](LogLevel, std::string_view line) { lines.emplace_back(line); },
                             .trace = "/no/such/folder/trace.json"};
  Store store = open_local("traced", nowhere);
  (void)store.put(1);
  EXPECT_NO_THROW(store.close());
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_THAT(lines[0], AllOf(HasSubstr("no trace of store 'traced'"), HasSubstr("/no/such/folder")));
}

TEST_F(TraceTest, IsAskedForByTheEnvironment) {
  ASSERT_EQ(setenv("PROXYSTORE_TRACE", file_.c_str(), 1), 0);
  { (void)open_local("traced").put(1); }
  unsetenv("PROXYSTORE_TRACE");
  EXPECT_EQ(events({R"("name":"put")"}).size(), 1U);
}

}  // namespace
