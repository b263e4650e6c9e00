// Functions on other ranks: where they run, what travels, what comes back, who waits for whom.
#include <atomic>
#include <numeric>
#include <set>
#include <stdexcept>

#include "world.hpp"

namespace {

using namespace world;
using mpi::Client;
using mpi::Executor;
using mpi::ExecutorOptions;

// What runs on the ranks. Waits have deadlines: a task that is stuck fails its test instead of hanging it.

int where() { return rank_in(); }
int add(int a, int b) { return a + b; }
std::string join(std::string const& a, std::string&& b, std::vector<int> c) {
  return a + b + std::to_string(std::accumulate(c.begin(), c.end(), 0));
}
void nothing() {}
std::vector<double> doubled(std::vector<double> const& in) {
  std::vector<double> out(in);
  for (auto& x : out) x *= 2;
  return out;
}
void fail(std::string const& text) { throw std::out_of_range(text); }
void fail_strangely() { throw 42; }
int take(Proxy<int> const& value) { return value.resolve(patience); }
int take_where(Proxy<int> const& value) { return take(value), rank_in(); }
void give(Future<int> const& out, int value) { out.set_result(value); }
Proxy<int> pass_on(Proxy<int> proxy) { return proxy; }
void relay(Proxy<int> const& in, Future<int> const& out) { out.set_result(take(in) + 1); }
double sum_in_place(Proxy<Array<double>> const& field) {
  if (!field.resolve(patience).is_view()) throw std::runtime_error("the array was copied");
  return std::accumulate(field->begin(), field->end(), 0.0);
}
void fail_into(Future<int> const& out) { out.set_exception(std::runtime_error("at its source")); }

class Executing : public RanksWithStore {
 protected:
  /// Runs `body` with the client of an executor over all ranks, on rank 0.
  template <class Body>
  void with_client(Body const& body, ExecutorOptions options = {}) {
    Executor ranks(MPI_COMM_WORLD, std::move(options));
    if (auto submit = ranks.client()) body(*submit);
  }
  int const first_server = size > 1 ? 1 : 0;
  int const servers = std::max(1, size - 1);
};

std::string failure_of(auto const& task) {
  try {
    (void)task.result(patience);
  } catch (RemoteError const& error) {
    return error.failure().origin + ": " + error.failure().type + ": " + error.failure().message;
  }
  return "no failure";
}

}  // namespace

TEST_F(Executing, RunsOnTheRankThatIsNamed) {
  with_client([&](Client const& submit) {
    for (int r = 0; r < size; ++r) {
      auto const task = submit.on(r).run<&where>();
      EXPECT_EQ(task.result(patience), r);
      EXPECT_EQ(task.rank(), r);
    }
    for (int r : {-1, size})
      EXPECT_THAT(error_of<InvalidArgument>([&] { (void)submit.on(r).run<&where>(); }),
                  HasSubstr("cannot run on rank " + std::to_string(r)));
  });
}

TEST_F(Executing, SpreadsTasksOverTheRanksThatServe) {
  with_client([&](Client const& submit) {
    auto const gate = store.future<int>();
    std::vector<mpi::Task<int>> tasks;
    for (int i = 0; i < 2 * servers; ++i) tasks.push_back(submit.run<&take_where>(gate.proxy()));
    gate.set_result(1);
    std::multiset<int> ran, wanted;
    for (auto const& task : tasks) ran.insert(task.result(patience));
    for (int i = 0; i < 2 * servers; ++i) wanted.insert(first_server + i % servers);
    EXPECT_EQ(ran, wanted);
  });
}

TEST_F(Executing, CarriesArgumentsAndResults) {
  with_client([](Client const& submit) {
    EXPECT_EQ(submit.run<&add>(20, 22).result(patience), 42);
    EXPECT_EQ(submit.run<&join>("one ", std::string("two "), std::vector<int>{3, 4}).result(patience), "one two 7");
    auto const done = submit.run<&nothing>();
    done.result(patience);
    EXPECT_TRUE(done.done());
  });
}

TEST_F(Executing, CarriesLargeArgumentsAndResults) {
  with_client([&](Client const& submit) {
    std::vector<double> in(10'000'000 / sizeof(double));
    std::iota(in.begin(), in.end(), 0.0);
    std::vector<mpi::Task<std::vector<double>>> tasks;
    for (int i = 0; i < size + 1; ++i) tasks.push_back(submit.run<&doubled>(in));
    for (auto const& task : tasks) {
      auto const out = task.result(patience);
      ASSERT_EQ(out.size(), in.size());
      EXPECT_EQ(out[in.size() / 2], 2 * in[in.size() / 2]);
      EXPECT_EQ(out.back(), 2 * in.back());
    }
  });
}

TEST_F(Executing, RunsAThousandTasks) {
  with_client([](Client const& submit) {
    std::vector<mpi::Task<int>> tasks;
    for (int i = 0; i < 1000; ++i) tasks.push_back(submit.run<&add>(i, i));
    for (int i = 999; i >= 0; --i) ASSERT_EQ(tasks[static_cast<std::size_t>(i)].result(patience), 2 * i);
  });
}

TEST_F(Executing, CarriesFuturesAndProxies) {
  with_client([&](Client const& submit) {
    auto const future = store.future<int>();
    submit.run<&give>(future, 5);
    EXPECT_EQ(submit.run<&take>(future.proxy()).result(patience), 5);
    EXPECT_EQ(submit.run<&pass_on>(future.proxy()).result(patience), 5);
    auto const field = store.future<Array<double>>();
    auto const sum = submit.run<&sum_in_place>(field.proxy());
    auto rho = store.allocate<double>({100, 100});
    std::fill(rho.begin(), rho.end(), 0.5);
    field.set_result(std::move(rho));
    EXPECT_EQ(sum.result(patience), 5000.0);
  });
}

TEST_F(Executing, BringsBackExceptionsWithTypeTextAndRank) {
  with_client([&](Client const& submit) {
    for (int r = 0; r < size; ++r) {
      auto const origin = "rank " + std::to_string(r) + " of " + std::to_string(size);
      EXPECT_EQ(failure_of(submit.on(r).run<&fail>("too far")), origin + ": std::out_of_range: too far");
      EXPECT_THAT(failure_of(submit.on(r).run<&fail_strangely>()), HasSubstr(origin + ": int"));
    }
    auto const failed = submit.run<&fail>("waited for");
    EXPECT_NO_THROW(failed.wait(patience)) << "wait() leaves the failure to result()";
    EXPECT_TRUE(failed.done());
    EXPECT_EQ(submit.run<&add>(1, 1).result(patience), 2) << "a rank goes on after a failure";
  });
}

TEST_F(Executing, KeepsTheFirstOriginOfAFailureAlongAChain) {
  with_client([&](Client const& submit) {
    auto const source = store.future<int>();
    auto const consumer = submit.on(0).run<&take>(source.proxy());
    submit.on(last).run<&fail_into>(source);
    EXPECT_THAT(failure_of(consumer), testing::AllOf(HasSubstr("rank " + std::to_string(last) + " of"),
                                                     HasSubstr("std::runtime_error: at its source")));
  });
}

TEST_F(Executing, RunsAnotherTaskWhileOneWaitsForAFuture) {
  with_client([&](Client const& submit) {
    // A chain submitted from its end to one rank: all but the last wait there when the first is given.
    constexpr std::size_t length = 20;
    std::vector<Future<int>> links;
    for (std::size_t i = 0; i <= length; ++i) links.push_back(store.future<int>());
    auto const end = submit.on(last).run<&take>(links[length].proxy());
    for (std::size_t i = length; i-- > 0;) submit.on(last).run<&relay>(links[i].proxy(), links[i + 1]);
    submit.on(last).run<&give>(links[0], 100);
    EXPECT_EQ(end.result(patience), 120);
  });
}

TEST_F(Executing, TimesOutAndCanBeAskedAgain) {
  with_client([&](Client const& submit) {
    auto const gate = store.future<int>();
    auto const task = submit.run<&take>(gate.proxy());
    EXPECT_FALSE(task.done());
    EXPECT_THAT(error_of<Timeout>([&] { (void)task.result(10ms); }), HasSubstr("take"));
    EXPECT_THROW(task.wait(Deadline::immediate()), Timeout);
    gate.set_result(3);
    EXPECT_EQ(task.result(patience), 3);
    EXPECT_EQ(task.result(), 3) << "a second time";
  });
}

TEST_F(Executing, ReportsAStalledWaitOnce) {
  auto const gate = store.future<int>();
  std::vector<std::string> reports;
  auto const log = [&](LogLevel, std::string_view text) {
    reports.emplace_back(text);
    if (reports.size() == 1) gate.set_result(1);
  };
  with_client([&](Client const& submit) { EXPECT_EQ(submit.run<&take>(gate.proxy()).result(patience), 1); },
              {.stall_report = 5ms, .log = log});
  if (rank == 0) {
    EXPECT_THAT(reports, testing::ElementsAre(testing::AllOf(HasSubstr("still waits for"), HasSubstr("take"))));
  }
}

TEST_F(Executing, EndsWithAllTasksDoneThoughNobodyAskedForThem) {
  std::vector<Future<int>> futures;
  for (int i = 0; i < 50; ++i) futures.push_back(store.future<int>());
  with_client([&](Client const& submit) {
    for (auto const& future : futures) submit.run<&give>(future, 1);
    submit.run<&fail>("into the void");
  });
  for (auto const& future : futures) EXPECT_EQ(future.done(), rank == 0) << "each rank has its own";
}

TEST_F(Executing, EndsWithoutAClient) {
  Executor const never_used(MPI_COMM_WORLD);
  SUCCEED();
}

TEST_F(Executing, SitsOnPartsOfTheWorldAtOnce) {
  MPI_Comm part = MPI_COMM_NULL;
  MPI_Comm_split(MPI_COMM_WORLD, rank % 2, -rank, &part);
  int const part_size = size_of(part);
  {
    Executor ranks(part);
    MPI_Comm_free(&part);
    if (auto submit = ranks.client()) {
      for (int r = 0; r < part_size; ++r) EXPECT_EQ(submit->on(r).run<&where>().result(patience) % 2, rank % 2);
    }
  }
}

TEST_F(Executing, RefusesWhatItDoesNotKnow) {
  mpi::detail::ExecutorCore core(MPI_COMM_WORLD, {});
  if (rank != 0) return core.serve();
  auto const failure = [&](std::string_view name, Bytes arguments) {
    auto const task = core.submit(last, name, std::move(arguments));
    return error_of<RemoteError>([&] { (void)mpi::detail::result_of(core, *task, patience); });
  };
  EXPECT_THAT(failure("no such function", {}), HasSubstr("no such function is not in this rank's program"));
  EXPECT_THAT(failure(mpi::detail::task_name<&add>(), {}), HasSubstr("fewer arguments"));
  EXPECT_THAT(failure(mpi::detail::task_name<&add>(), Bytes::copy_of("\xff\xff\xff\xff\xff\xff\xff\xff??")),
              HasSubstr("cut off"));
  auto const other = [](Bytes const&) { return Buffer(); };
  mpi::detail::declare_task("twice", [](Bytes const&) { return Buffer(1); });
  mpi::detail::declare_task("twice", other);
  auto const here = core.submit(0, "twice", {});
  EXPECT_THAT(error_of<RemoteError>([&] { (void)mpi::detail::result_of(core, *here, patience); }),
              HasSubstr("ambiguous"));
  core.end();
  EXPECT_THROW((void)core.submit(0, "twice", {}), InvalidArgument);
}
