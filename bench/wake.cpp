// What it takes to wake a rank of the same node that sleeps, beside a bare futex in shared memory, and what a core it
// keeps busy meanwhile:
//     mpirun -n 2 bench_wake
// From before rank 0 sets until rank 1 goes on; both read one clock, that of the node.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <functional>
#include <memory>
#include <thread>

#include "mpi.hpp"
#include "raw/wake.hpp"

using namespace proxystore;

namespace {

constexpr auto settling = std::chrono::milliseconds(2);  // until who waits sleeps
constexpr auto long_wait = std::chrono::milliseconds(500);

double now() { return std::chrono::duration<double>(bench::Clock::now().time_since_epoch()).count(); }

double cpu_seconds() {
  std::timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// `set` on rank 0, some time after rank 1 has begun to `wait`. On rank 1 the seconds from the one to the other's end.
double wake(std::chrono::nanoseconds after, std::function<void()> const& set, std::function<void()> const& wait) {
  double begun = 0, ended = 0;
  MPI_Barrier(MPI_COMM_WORLD);
  if (bench::rank() == 0) {
    std::this_thread::sleep_for(after);
    begun = now();
    set();
  } else {
    wait();
    ended = now();
  }
  MPI_Bcast(&begun, 1, MPI_DOUBLE, 0, MPI_COMM_WORLD);
  return bench::rank() == 1 ? ended - begun : 0;
}

/// What of a core rank 1 uses while it waits, in per cent.
double busy(std::function<void()> const& set, std::function<void()> const& wait) {
  double share = 0;
  wake(long_wait, set, [&] {
    auto const before = cpu_seconds();
    auto const start = bench::Clock::now();
    wait();
    share = 100 * (cpu_seconds() - before) / bench::seconds_since(start);
  });
  return share;
}

void add(bench::Program& program, Store& store, raw::Futex& futex) {
  int const times = program.count(10);
  auto const futures = std::make_shared<bench::Futures<std::int64_t>>();
  auto const before = std::make_shared<std::uint32_t>(0);
  auto const with_futures = [=, &store](int count, std::function<double(bench::Futures<std::int64_t> const&)> run) {
    return bench::Way{.run = {[=] { return run(*futures); }},
                      .prepare = [=, &store] { *futures = bench::shared_futures<std::int64_t>(store, count); },
                      .clean =
                          [=, &store] {
                            bench::evict(store, *futures);
                            futures->clear();
                          }};
  };
  auto const set_futex = [&futex] { futex.set(); };
  auto const wait_for_futex = [=, &futex] { futex.wait((*before)++); };
  auto const many = [times](auto one) {
    double took = 0;
    for (int i = 0; i < times; ++i) took += one(static_cast<std::size_t>(i));
    return took;
  };
  program.add({.name = "wake of a consumer that sleeps",
               .ours = with_futures(times,
                                    [many](auto const& all) {
                                      return many([&](std::size_t i) {
                                        return wake(
                                            settling, [&] { all[i].set_result(1); }, [&] { all[i].result(); });
                                      });
                                    }),
               .twin = {[=] { return many([&](std::size_t) { return wake(settling, set_futex, wait_for_futex); }); }},
               .aim = bench::ratio(1.5),
               .each = static_cast<double>(times)});
  program.add({.name = "what it uses of a core while it waits",
               .ours = with_futures(
                   1, [](auto const& all) { return busy([&] { all[0].set_result(1); }, [&] { all[0].wait(); }); }),
               .twin = {[=] { return busy(set_futex, wait_for_futex); }},
               .unit = "%",
               .aim = bench::at_most(1),
               .repetitions = 7});
}

}  // namespace

int main(int argc, char** argv) {
  mpi::Scope mpi(argc, argv);
  bench::Program program("wake", argc, argv, bench::world());
  if (bench::ranks() != 2) {
    if (bench::rank() == 0) std::fprintf(stderr, "bench_wake: two ranks are needed: mpirun -n 2 bench_wake\n");
    return 2;
  }
  auto store = Store::open("bench", mpi::rma(MPI_COMM_WORLD, {.capacity = std::size_t{16} << 20U}));
  raw::Futex futex;
  add(program, store, futex);
  return program.run();
}
