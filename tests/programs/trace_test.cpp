// `proxystore trace`: who waited and who was late, from a trace with known times and from one that a store wrote.
#include <sys/wait.h>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <proxystore/connectors/local.hpp>
#include <proxystore/proxystore.hpp>

namespace {

using namespace proxystore;
using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

struct Result {
  int status;
  std::string output;
};

Result run(std::string const& arguments) {
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(
      popen((PROXYSTORE_PROGRAM " " + arguments + " 2>&1").c_str(), "r"), pclose);
  Result result{};
  std::array<char, 4096> part{};
  while (auto const n = std::fread(part.data(), 1, part.size(), pipe.get())) result.output.append(part.data(), n);
  result.status = WEXITSTATUS(pclose(pipe.release()));
  return result;
}

// Rank 0 makes two futures. Rank 1 waits 5 ms for the first and has the second at once; rank 2 waits 3 ms for the
// first.
constexpr char known[] = R"({"displayTimeUnit":"ns","otherData":{"proxystore":"trace 1"},"traceEvents":[
{"ph":"M","name":"process_name","pid":12,"args":{"name":"rank 2 of 3 on node"}},
{"ph":"M","name":"process_name","pid":10,"args":{"name":"rank 0 of 3 on node"}},
{"ph":"M","name":"process_name","pid":11,"args":{"name":"rank 1 of 3 on node"}},
{"ph":"M","name":"process_labels","pid":11,"args":{"labels":"7 events dropped"}},
{"ph":"i","s":"t","name":"made","pid":10,"tid":1,"ts":1000,"args":{"key":"a","store":"s","made":"job.cpp:7","bytes":0}},
{"ph":"X","name":"resolve","pid":11,"tid":1,"ts":2000,"dur":5000,"args":{"key":"a","store":"s","made":"job.cpp:7","bytes":80}},
{"ph":"X","name":"resolve","pid":12,"tid":1,"ts":4000,"dur":3000,"args":{"key":"a","store":"s","made":"job.cpp:7","bytes":80}},
{"ph":"X","name":"set","pid":10,"tid":1,"ts":6000,"dur":500,"args":{"key":"a","store":"s","made":"job.cpp:7","bytes":80}},
{"ph":"X","name":"set","pid":10,"tid":1,"ts":6600,"dur":100,"args":{"key":"b","store":"s","made":"job.cpp:8","bytes":8}},
{"ph":"X","name":"resolve","pid":11,"tid":1,"ts":8000,"dur":1,"args":{"key":"b","store":"s","made":"job.cpp:8","bytes":8}},
{"ph":"s","id":"1","name":"future","cat":"future","pid":10,"tid":1,"ts":6000}
]}
)";

class TraceProgram : public testing::Test {
 protected:
  TraceProgram() { std::ofstream(file()) << known; }
  ~TraceProgram() override {
    for (auto const& name : {file(), svg()}) std::filesystem::remove(name);
  }
  std::string file() const { return base_ + ".json"; }
  std::string svg() const { return base_ + ".svg"; }

 private:
  std::string const base_ = (std::filesystem::temp_directory_path() / make_uuid_key().text()).string();
};

TEST_F(TraceProgram, TellsWhichFutureWasWaitedForLongestByWhomAndWhoWasLate) {
  auto const result = run("trace " + file());
  EXPECT_EQ(result.status, 0) << result.output;
  // waited, longest, by, late, set by, waiters, bytes, made at, key
  EXPECT_THAT(result.output, ContainsRegex("8.000 +5.000  rank 1 +4.500  rank 0 +2 +80  job.cpp:7 +s/a\n"));
  EXPECT_THAT(result.output, ContainsRegex("0.001 +0.001  rank 1 +0.000  rank 0 +1 +8  job.cpp:8 +s/b\n"));
  EXPECT_LT(result.output.find("s/a"), result.output.find("s/b"));
  // waited, waits, kept others, sets, of them late
  EXPECT_THAT(result.output, ContainsRegex("rank 0 of 3 on node +0.000 +0 +7.000 +2 +1\n"));
  EXPECT_THAT(result.output, ContainsRegex("rank 1 of 3 on node +5.001 +2 +0.000 +0 +0\n"));
  EXPECT_THAT(result.output, HasSubstr("rank 1: 7 events dropped"));
}

TEST_F(TraceProgram, TellsOfTheFirstFew) {
  EXPECT_THAT(run("trace --top 1 " + file()).output, AllOf(HasSubstr("(1 of 2; ms)"), Not(HasSubstr("s/b"))));
}

TEST_F(TraceProgram, DrawsTheTimeline) {
  ASSERT_EQ(run("trace " + file() + " --svg " + svg()).status, 0);
  std::ifstream in(svg());
  std::string const text{std::istreambuf_iterator<char>(in), {}};
  EXPECT_THAT(text, AllOf(testing::StartsWith("<svg "), testing::EndsWith("</svg>\n")));
  for (auto const* name : {"rank 0", "rank 1", "rank 2"}) EXPECT_THAT(text, HasSubstr(name));
  EXPECT_THAT(text, HasSubstr("<title>resolve job.cpp:7 s/a 5 ms"));
}

TEST_F(TraceProgram, ReadsWhatAStoreWrote) {
  std::filesystem::remove(file());
  {
    auto store = Store::open("odd \"name\" \xff", std::make_unique<LocalConnector>(), {.trace = file()});
    auto const future = store.future<int>();
    future.set_result(1);
    (void)future.result();
  }
  EXPECT_EQ(nlohmann::json::parse(std::ifstream(file())).count("traceEvents"), 1U);
  auto const result = run("trace " + file());
  EXPECT_EQ(result.status, 0);
  EXPECT_THAT(result.output, AllOf(HasSubstr("trace_test.cpp:"), HasSubstr("odd \"name\"")));
}

TEST_F(TraceProgram, SaysWhatIsWrongWithAFile) {
  EXPECT_THAT(run("trace /no/such.json").output, HasSubstr("cannot be read"));
  std::ofstream(file()) << "{}";
  auto const other = run("trace " + file());
  EXPECT_EQ(other.status, 2);
  EXPECT_THAT(other.output, HasSubstr("is no trace of proxystore"));
  EXPECT_EQ(run("trace " + file() + " --svg /no/such/folder/a.svg").status, 2);
}

}  // namespace
