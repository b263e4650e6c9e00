// Runs GoogleTest on every rank. The run fails on all ranks if a test failed on any. Rank 0 prints
// as usual; the others print failures alone, each line with the rank before it.
//   --level=single|funneled|serialized|multiple   the thread level that is asked for; multiple by default
#include <mpi.h>

#include <cstdio>
#include <memory>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

namespace {

class FailuresOfRank final : public testing::EmptyTestEventListener {
 public:
  explicit FailuresOfRank(int rank) : rank_(rank) {}

  void OnTestStart(testing::TestInfo const& test) override { test_ = &test; }
  void OnTestEnd(testing::TestInfo const&) override { test_ = nullptr; }

  // GoogleTest holds its lock: asking it for the current test would wait for ever.
  void OnTestPartResult(testing::TestPartResult const& result) override {
    if (!result.failed()) return;
    std::ostringstream text;
    if (test_) text << test_->test_suite_name() << '.' << test_->name() << '\n';
    if (result.file_name()) text << result.file_name() << ':' << result.line_number() << '\n';
    text << result.message();

    std::string prefixed;
    std::istringstream lines(text.str());
    for (std::string line; std::getline(lines, line);)
      prefixed += "[rank " + std::to_string(rank_) + "] " + line + '\n';
    std::fputs(prefixed.c_str(), stdout);
    std::fflush(stdout);
  }

 private:
  int rank_;
  testing::TestInfo const* test_ = nullptr;
};

int level_of(int argc, char** argv) {
  std::string const argument = argc > 1 ? argv[1] : "";
  if (argument == "--level=single") return MPI_THREAD_SINGLE;
  if (argument == "--level=funneled") return MPI_THREAD_FUNNELED;
  return argument == "--level=serialized" ? MPI_THREAD_SERIALIZED : MPI_THREAD_MULTIPLE;
}

}  // namespace

int main(int argc, char** argv) {
  int provided = 0;
  MPI_Init_thread(&argc, &argv, level_of(argc, argv), &provided);
  testing::InitGoogleTest(&argc, argv);

  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (rank != 0) {
    auto& listeners = testing::UnitTest::GetInstance()->listeners();
    delete listeners.Release(listeners.default_result_printer());
    listeners.Append(new FailuresOfRank(rank));  // GoogleTest owns it
  }

  int failed = RUN_ALL_TESTS();
  MPI_Allreduce(MPI_IN_PLACE, &failed, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
  if (rank == 0 && failed && testing::UnitTest::GetInstance()->Passed()) std::puts("failed on another rank, see above");
  MPI_Finalize();
  return failed;
}
