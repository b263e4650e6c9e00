// How many small futures two ranks of a node make, set and resolve, 64 of them under way, beside MPI_Isend and
// MPI_Irecv:
//     mpirun -n 2 bench_rate
#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstdio>
#include <memory>

#include "mpi.hpp"
#include "raw/rate.hpp"

using namespace proxystore;

namespace {

constexpr int at_a_time = 64;

/// Rank 0 makes futures and sets them, rank 1 resolves; evicted after. `tells`: what it takes to tell rank 1 of them,
/// 64 in one message, counts too.
class Futures {
 public:
  Futures(Store& store, int batches, bool tells) : store_(store), batches_(batches), tells_(tells) {}

  double run() {
    double took = 0;
    for (int batch = 0; batch < batches_; ++batch) took += pass();
    return took;
  }
  void clean() {
    bench::evict(store_, all_);
    all_.clear();
  }

 private:
  double pass() {
    MPI_Barrier(MPI_COMM_WORLD);
    auto start = bench::Clock::now();
    bench::Futures<std::int64_t> made;
    for (int i = 0; bench::rank() == 0 && i < at_a_time; ++i) made.push_back(store_.future<std::int64_t>());
    auto const making = bench::seconds_since(start);
    auto const arrived = mpi::broadcast(MPI_COMM_WORLD, 0, made);
    double const before = tells_ ? bench::seconds_since(start) : bench::rank() == 0 ? making : 0;
    auto const& futures = bench::rank() == 0 ? made : arrived;
    MPI_Barrier(MPI_COMM_WORLD);
    start = bench::Clock::now();
    for (auto const& future : futures)
      if (bench::rank() == 0) future.set_result(1);
      else benchmark::DoNotOptimize(future.result());
    auto const handed = bench::seconds_since(start);
    all_.insert(all_.end(), futures.begin(), futures.end());
    return added_up(before, handed);
  }
  /// Making on the one rank, and handing over on the slower one.
  static double added_up(double before, double handed) {
    double times[] = {before, handed};
    MPI_Allreduce(MPI_IN_PLACE, times, 2, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
    return times[0] + times[1];
  }

  Store& store_;
  int const batches_;
  bool const tells_;
  bench::Futures<std::int64_t> all_;
};

void add(bench::Program& program, Store& store, char const* name, bool tells, bench::Aim aim) {
  int const batches = program.count(20);
  auto const futures = std::make_shared<Futures>(store, batches, tells);
  auto const stream = std::make_shared<raw::Stream>(batches * at_a_time, at_a_time);
  program.add({.name = name,
               .ours = {.run = {[=] { return futures->run(); }}, .clean = [=] { futures->clean(); }},
               .twin = {[=] { stream->run(); }},
               .unit = "ns",
               .aim = aim,
               .each = static_cast<double>(batches * at_a_time)});
}

}  // namespace

int main(int argc, char** argv) {
  mpi::Scope mpi(argc, argv);
  bench::Program program("rate", argc, argv, bench::world());
  if (bench::ranks() != 2) {
    if (bench::rank() == 0) std::fprintf(stderr, "bench_rate: two ranks are needed: mpirun -n 2 bench_rate\n");
    return 2;
  }
  auto store = Store::open("bench", mpi::rma(MPI_COMM_WORLD, {.capacity = std::size_t{64} << 20U}));
  add(program, store, "small futures made, set and resolved, 64 in flight", false, bench::ratio(1.0));
  add(program, store, "the same, and told to who resolves", true, {});
  return program.run();
}
