#include "rows.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>

#include <benchmark/benchmark.h>

namespace bench {
namespace {

double quantile(std::vector<double> values, double part) {
  auto const at = values.begin() + static_cast<std::ptrdiff_t>(part * static_cast<double>(values.size() - 1) + 0.5);
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

/// How many of the unit a second has; 1 for what is no time.
double per_second(std::string_view unit) {
  if (unit == "ns") return 1e9;
  if (unit == "us") return 1e6;
  if (unit == "ms") return 1e3;
  return 1;
}

/// A row as it is told: medians, and between which tenths the ratio (of ours, where it stands alone) lay.
struct Told {
  Row const* row;
  double ours = 0, twin = 0, low = 0, high = 0;
  std::string why = {};  // it could not be measured

  double ratio() const { return ours / twin; }
  bool met() const {
    auto const& [of, bound] = row->aim;
    return (of == Aim::Of::ratio ? ratio() : of == Aim::Of::added ? ours - twin : ours) <= bound;
  }
};

using Runs = std::vector<benchmark::BenchmarkReporter::Run>;

std::optional<Told> told(std::map<std::string, Row> const& rows, Runs const& runs) {
  std::optional<Told> all;
  for (auto const& run : runs) {
    auto const found = rows.find(run.run_name.function_name);
    if (found == rows.end()) continue;
    if (!all) all = Told{.row = &found->second};
    if (run.error_occurred) all->why = run.error_message;
    auto const counter = [&](char const* name) {
      auto const at = run.counters.find(name);
      return at == run.counters.end() ? 0.0 : at->second.value;
    };
    auto const* const spread = found->second.twin.run ? "ratio" : "ours";
    if (run.aggregate_name == "median") {
      all->ours = counter("ours");
      all->twin = counter("twin");
    } else if (run.aggregate_name == "p10") all->low = counter(spread);
    else if (run.aggregate_name == "p90") all->high = counter(spread);
    else if (run.aggregate_name.empty() && !run.error_occurred) {
      if (run.repetitions != 1) return std::nullopt;  // the medians come
      all->ours = counter("ours");
      all->twin = counter("twin");
      all->low = all->high = counter(spread);
    }
  }
  return all;
}

class Table : public benchmark::BenchmarkReporter {
 public:
  Table(std::string name, std::map<std::string, Row> const& rows) : name_(std::move(name)), rows_(rows) {}

  bool ReportContext(Context const&) override {
    std::printf("%-52s %10s %10s %4s %8s %17s %8s\n", name_.c_str(), "ours", "twin", "", "ratio", "spread", "aim");
    return true;
  }
  void ReportRuns(Runs const& runs) override {
    if (auto const all = told(rows_, runs)) print(*all);
  }

 private:
  static void print(Told const& all) {
    auto const& row = *all.row;
    if (!all.why.empty()) return static_cast<void>(std::printf("  %-50s %s\n", row.name.c_str(), all.why.c_str()));
    std::printf("  %-50s %10.4g ", row.name.c_str(), all.ours);
    if (row.twin.run) std::printf("%10.4g %-4s %8.3g", all.twin, row.unit.c_str(), all.ratio());
    else std::printf("%10s %-4s %8s", "", row.unit.c_str(), "");
    std::printf(" %8.3g-%-8.3g", all.low, all.high);
    if (row.aim.of != Aim::Of::nothing) std::printf(" %8.3g %s", row.aim.bound, all.met() ? "met" : "missed");
    std::printf("\n");
    std::fflush(stdout);
  }
  std::string const name_;
  std::map<std::string, Row> const& rows_;
};

/// A list of rows in JSON: what results.json is made of. Absent values are null.
class Results : public benchmark::BenchmarkReporter {
 public:
  Results(std::string name, std::map<std::string, Row> const& rows) : name_(std::move(name)), rows_(rows) {}

  bool ReportContext(Context const&) override { return true; }
  void ReportRuns(Runs const& runs) override {
    if (auto const all = told(rows_, runs))
      GetOutputStream() << (first_ ? "[" : ",") << "\n" << text(*all), first_ = false;
  }
  void Finalize() override { GetOutputStream() << (first_ ? "[" : "\n") << "]\n"; }

 private:
  static std::string number(bool there, double value) {
    char digits[32];
    std::snprintf(digits, sizeof digits, "%.6g", value);
    return there && std::isfinite(value) ? digits : "null";
  }
  static std::string quoted(std::string const& value) {
    std::string out = "\"";
    for (char const c : value) (c == '"' || c == '\\' ? out += '\\' : out) += c;
    return out + '"';
  }
  std::string text(Told const& all) const {
    static constexpr char const* of[] = {"null", "\"ratio\"", "\"added\"", "\"ours\""};
    auto const& row = *all.row;
    bool const measured = all.why.empty(), aims = row.aim.of != Aim::Of::nothing, beside = measured && row.twin.run;
    auto out = "{\"row\": " + quoted(row.name) + ", \"ours\": " + number(measured, all.ours) +
               ", \"twin\": " + number(beside, all.twin) + ", \"unit\": " + quoted(row.unit) +
               ", \"ratio\": " + number(beside, all.ratio()) + ", \"aim\": " + number(aims, row.aim.bound) +
               ", \"met\": " + (measured && aims ? all.met() ? "true" : "false" : "null") +
               ", \"part\": " + quoted(name_) + ", \"aim_of\": " + of[static_cast<int>(row.aim.of)] +
               ", \"spread\": [" + number(measured, all.low) + ", " + number(measured, all.high) + "]";
    if (!row.point.figure.empty())
      out += ", \"figure\": " + quoted(row.point.figure) + ", \"series\": " + quoted(row.point.series) +
             ", \"x\": " + number(true, row.point.x);
    if (!measured) out += ", \"why\": " + quoted(all.why);
    return out + "}";
  }
  std::string const name_;
  std::map<std::string, Row> const& rows_;
  bool first_ = true;
};

class Silence : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(Context const&) override { return true; }
  void ReportRuns(Runs const&) override {}
};

/// Takes the arguments that begin so out of argv; true if there were any.
bool take(int& argc, char** argv, char const* prefix) {
  auto const begins = [&](char const* argument) { return std::strncmp(argument, prefix, std::strlen(prefix)) == 0; };
  auto** const end = std::remove_if(argv + 1, argv + argc, begins);
  bool const found = end != argv + argc;
  argc = static_cast<int>(end - argv);
  argv[argc] = nullptr;
  return found;
}

}  // namespace

Program::Program(std::string name, int& argc, char** argv, Ranks ranks)
    : name_(std::move(name)), ranks_(std::move(ranks)) {
  smoke_ = take(argc, argv, "--smoke");
  writes_ = ranks_.reports && std::any_of(argv, argv + argc, [](std::string_view argument) {
              return argument.starts_with("--benchmark_out=");
            });
  if (!ranks_.reports) take(argc, argv, "--benchmark_out");
  benchmark::Initialize(&argc, argv);
}

Program::~Program() { benchmark::ClearRegisteredBenchmarks(); }

double Program::measure(Way const& way) const {
  if (way.prepare) way.prepare();
  ranks_.meet();
  auto const took = way.run();
  ranks_.meet();
  if (way.clean) way.clean();
  return ranks_.agree(took);
}

void Program::add(Row row) {
  auto const name = row.name;
  auto const [at, added] = rows_.insert_or_assign(name, std::move(row));
  require(added, "a row's name is there already");
  auto const* const it = &at->second;
  auto const turn = std::make_shared<int>(0);
  benchmark::RegisterBenchmark(name.c_str(),
                               [this, it, turn](benchmark::State& state) {
                                 if (!it->cannot.empty()) return state.SkipWithError(it->cannot.c_str());
                                 auto const scale = per_second(it->unit) / it->each;
                                 for (auto _ : state) {
                                   if (*turn == 0 && it->repetitions > 1 && !smoke_)
                                     measure(it->ours), it->twin.run ? measure(it->twin) : 0.0;  // once for nothing
                                   double ours = 0, twin = 0;
                                   bool const ours_first = (*turn)++ % 2 == 0;
                                   if (ours_first) ours = measure(it->ours);
                                   if (it->twin.run) twin = measure(it->twin);
                                   if (!ours_first) ours = measure(it->ours);
                                   state.SetIterationTime(ours);
                                   state.counters["ours"] = ours * scale;
                                   state.counters["twin"] = twin * scale;
                                   state.counters["ratio"] = ours / twin;
                                 }
                               })
      ->Iterations(1)
      ->Repetitions(smoke_ ? 3 : it->repetitions)
      ->UseManualTime()
      ->ComputeStatistics("p10", [](std::vector<double> const& all) { return quantile(all, 0.1); })
      ->ComputeStatistics("p90", [](std::vector<double> const& all) { return quantile(all, 0.9); });
}

int Program::run() {
  Table table(name_, rows_);
  Results results(name_, rows_);
  Silence silence;
  if (!ranks_.reports) benchmark::RunSpecifiedBenchmarks(&silence);
  else if (writes_) benchmark::RunSpecifiedBenchmarks(&table, &results);
  else benchmark::RunSpecifiedBenchmarks(&table);
  return 0;
}

void require(bool right, char const* what) {
  if (right) return;
  std::fprintf(stderr, "bench: %s\n", what);
  std::abort();
}

}  // namespace bench
