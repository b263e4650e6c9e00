// Nothing hangs silently: a wait that takes long is reported, and report() says who waits.
#include <mutex>

#include "support.hpp"

namespace {

using namespace support;
using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

class StallTest : public testing::Test {
 protected:
  Store open(std::chrono::nanoseconds stall_report) {
    return open_local("stalling", {.stall_report = stall_report, .log = [this](LogLevel level, std::string_view text) {
                                     EXPECT_EQ(level, LogLevel::warning);
                                     std::lock_guard lock(mutex_);
                                     lines_.emplace_back(text);
                                     if (when_reported_) when_reported_();
                                   }});
  }

  std::mutex mutex_;
  std::vector<std::string> lines_;
  std::function<void()> when_reported_;
};

TEST_F(StallTest, ReportsALongWaitOnce) {
  Store store = open(1ms);
  Store quiet = open_local("quiet");
  auto const future = store.future<int>();
  auto const reported = quiet.future<bool>();
  when_reported_ = [&] { reported.set_result(true); };  // a second report would throw AlreadySet
  std::jthread setter([&] {
    EXPECT_NO_THROW(reported.wait(patience));
    EXPECT_THROW(quiet.future<int>().wait(50ms), Timeout);
    future.set_result(1);
  });
  EXPECT_EQ(future.result(patience), 1);
  EXPECT_EQ(lines_.size(), 1U);
}

TEST_F(StallTest, SaysWhoWaitsHowLongForWhatMadeWhere) {
  Store store = open(120ms);
  auto const future = store.future<int>();
  auto const line = std::to_string(__LINE__ - 1);
  when_reported_ = [&] { future.set_result(1); };
  EXPECT_EQ(travelled(future).result(patience), 1);
  EXPECT_THAT(lines_, ElementsAre(AllOf(
                          StartsWith(store.connector().whoami() + " has waited "), Not(HasSubstr(" waited 0.0 s")),
                          EndsWith(" s for future '" + future.key().text() + "' made at stall_test.cpp:" + line +
                                   " in store 'stalling' (pending)"))));
}

TEST_F(StallTest, ReportsEveryWaiter) {
  Store store = open(1ms);
  auto const a = store.future<int>(), b = store.future<int>();
  when_reported_ = [&] {
    if (lines_.size() < 3) return;
    a.set_result(1);
    b.set_result(2);
  };
  {
    std::vector<std::jthread> waiters;
    for (auto const& future : {a, a, b}) waiters.emplace_back([future] { EXPECT_NO_THROW(future.wait(patience)); });
  }
  EXPECT_EQ(lines_.size(), 3U);
}

TEST_F(StallTest, IsSilentAboutShortWaits) {
  Store store = open(1h);
  EXPECT_THROW(store.future<int>().wait(20ms), Timeout);
  EXPECT_THAT(lines_, IsEmpty());
}

TEST_F(StallTest, CanBeSwitchedOff) {
  Store store = open(0ms);
  EXPECT_THROW(store.future<int>().wait(20ms), Timeout);
  EXPECT_THAT(lines_, IsEmpty());
}

TEST_F(StallTest, NeedsNoLog) {
  Store store = open_local("unlogged", {.stall_report = 1ms});
  EXPECT_THROW(store.future<int>().wait(20ms), Timeout);
}

TEST_F(StallTest, ShowsEveryWaiterInTheReport) {
  Store store = open(1h);
  auto const a = store.future<int>(), b = store.future<int>();
  EXPECT_THAT(store.report(), HasSubstr("nobody waits here\n"));
  std::jthread first([&] { EXPECT_EQ(a.result(patience), 1); });
  std::jthread second([&] { EXPECT_NO_THROW(b.wait(patience)); });
  until_waiting(store, 2);
  EXPECT_THAT(store.report(),
              AllOf(HasSubstr("waiting here:\n  " + store.connector().whoami() + " has waited "),
                    HasSubstr("'" + a.key().text() + "' made at stall_test.cpp:"),
                    HasSubstr("'" + b.key().text() + "' made at stall_test.cpp:"), Not(HasSubstr("stalled"))));
  a.set_result(1);
  first.join();
  until_waiting(store, 1);
  EXPECT_THAT(store.report(), Not(HasSubstr("'" + a.key().text() + "'")));
  b.set_result(1);
  second.join();
  EXPECT_THAT(store.report(), HasSubstr("nobody waits here\n"));
}

TEST_F(StallTest, MarksAReportedWaiterInTheReport) {
  Store store = open(1ms);
  auto const future = store.future<int>();
  std::string report;
  when_reported_ = [&] {
    report = store.report();
    future.set_result(1);
  };
  future.wait(patience);
  EXPECT_THAT(report, HasSubstr("(pending), stalled\n"));
}

TEST(DefaultLogTest, PrintsNothingUnlessAsked) {
  ::unsetenv("PROXYSTORE_LOG");
  EXPECT_FALSE(default_log());
  ::setenv("PROXYSTORE_LOG", "stderr", 1);
  testing::internal::CaptureStderr();
  default_log()(LogLevel::warning, "a line");
  default_log()(LogLevel::info, "another");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "proxystore: warning: a line\nproxystore: another\n");
  ::unsetenv("PROXYSTORE_LOG");
}

}  // namespace
