/// Rows of the bench: a way that goes through the library beside its raw twin, taking turns in one run of Google
/// Benchmark. One row is one benchmark of manual time and fixed iterations; each repetition runs both ways once, and
/// what is told is medians.
///
///     bench::Program program("null", argc, argv);
///     program.add({.name = "put, 64 MiB", .ours = {[&] { put(); }}, .twin = {[&] { write(); }}, .unit = "ms",
///                  .aim = bench::ratio(1.05)});
///     return program.run();
///
/// Google Benchmark's options choose rows (--benchmark_filter=64) and write them (--benchmark_out=FILE, as
/// build/bench/results.json has them); --smoke runs all rows a few times only, to see that they still work.
#pragma once

#include <chrono>
#include <concepts>
#include <functional>
#include <map>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace bench {

using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// What is measured: a call that is timed, or one that returns what it took: seconds, or what the row's unit counts if
/// that is not time.
class Work {
 public:
  Work() = default;
  template <class F>
    requires(std::invocable<F&> && !std::same_as<std::remove_cvref_t<F>, Work>)
  Work(F call) {  // NOLINT: a lambda is a work
    if constexpr (std::is_void_v<std::invoke_result_t<F&>>)
      measure_ = [call = std::move(call)]() mutable {
        auto const start = Clock::now();
        call();
        return seconds_since(start);
      };
    else measure_ = std::move(call);
  }
  explicit operator bool() const noexcept { return static_cast<bool>(measure_); }
  double operator()() const { return measure_(); }

 private:
  std::function<double()> measure_;
};

struct Way {
  Work run = {};
  std::function<void()> prepare = {}, clean = {};  ///< before and after each run, not timed
};

/// What a row should reach: at most this.
struct Aim {
  enum class Of { nothing, ratio, added, ours } of = Of::nothing;
  double bound = 0;
};
constexpr Aim ratio(double bound) { return {Aim::Of::ratio, bound}; }   ///< ours / twin
constexpr Aim added(double bound) { return {Aim::Of::added, bound}; }   ///< ours - twin, in the row's unit
constexpr Aim at_most(double bound) { return {Aim::Of::ours, bound}; }  ///< ours, in the row's unit

/// Where a row stands in a picture: "latency" and "bandwidth" over bytes, "fan-out" over consumers, …
struct Point {
  std::string figure = {}, series = {};
  double x = 0;
};

struct Row {
  std::string name;
  Way ours;
  Way twin = {};            ///< none: ours stands alone
  std::string unit = "us";  ///< ns, us, ms and s are times; anything else counts what it says
  Aim aim = {};
  double each = 1;  ///< operations of one run; told is one of them
  int repetitions = 31;  ///< 1: of what takes long; no first run for nothing then, and no spread
  Point point = {};
  std::string cannot = {};  ///< why it cannot be measured here
};

/// The processes that measure together. All add the same rows and run the same ways in the same order; one reports.
struct Ranks {
  bool reports = true;
  std::function<void()> meet = [] {};                                      ///< until all are here
  std::function<double(double)> agree = [](double mine) { return mine; };  ///< on what a run took
};

class Program {
 public:
  /// Takes its options out of argc and argv.
  Program(std::string name, int& argc, char** argv, Ranks ranks = {});
  ~Program();
  Program(Program const&) = delete;
  Program& operator=(Program const&) = delete;

  /// n; in a smoke run few.
  int count(int n) const { return smoke_ ? (n < 2 ? n : 2) : n; }
  bool smoke() const { return smoke_; }
  void add(Row row);
  /// Runs what the filter takes; once. Returns an exit status.
  int run();

 private:
  double measure(Way const& way) const;
  std::string name_;
  bool smoke_ = false, writes_ = false;
  Ranks ranks_;
  std::map<std::string, Row> rows_;
};

/// Ends the program, and with it the job, if what was measured is not what it should be.
void require(bool right, char const* what);

}  // namespace bench
