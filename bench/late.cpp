// What it takes a rank to get an object that another rank of its node has set before, beside memcpy from a window:
//     mpirun -n 2 bench_late
#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "mpi.hpp"
#include "raw/late.hpp"

using namespace proxystore;

namespace {

/// Times `get` on rank 1, while rank 0 does nothing.
template <class Get>
bench::Work timed(int times, Get get) {
  return {[=]() -> double {
    if (bench::rank() != 1) return 0;
    auto const start = bench::Clock::now();
    for (int i = 0; i < times; ++i) get(static_cast<std::size_t>(i));
    return bench::seconds_since(start);
  }};
}

/// `times` futures that rank 0 has set to `value`, and that rank 1 sees for the first time.
template <class T>
bench::Way late(Store& store, int times, T const& value) {
  auto const futures = std::make_shared<bench::Futures<T>>();
  return {.run = timed(times,
                       [futures](std::size_t i) {
                         benchmark::DoNotOptimize((*futures)[i].result());
                         bench::let_go((*futures)[i]);
                       }),
          .prepare =
              [=, &store] {
                *futures = bench::shared_futures<T>(store, times);
                for (auto const& future : *futures)
                  if (bench::rank() == 0) future.set_result(value);
              },
          .clean =
              [=, &store] {
                bench::evict(store, *futures);
                futures->clear();
              }};
}

constexpr std::size_t line = 64, mebibyte = std::size_t{1} << 20U;

/// Copies what rank 0 has just written, at each step of a window, into a T that is made for it.
template <class T, class Copy>
bench::Way written(raw::Window& window, int times, std::size_t step, Copy copy) {
  return {.run = timed(times,
                       [=, &window](std::size_t i) {
                         T const got = copy(window.data() + i * step);
                         benchmark::DoNotOptimize(&got);
                         benchmark::ClobberMemory();
                       }),
          .prepare = [&window] { window.write(); }};
}

void add(bench::Program& program, Store& store, raw::Window& window) {
  int const many = program.count(1000), few = program.count(16);
  program.add({.name = "late get on the node, 8 B",
               .ours = late<std::int64_t>(store, many, 1),
               .twin = written<std::int64_t>(window, many, line,
                                             [](std::byte const* from) {
                                               std::int64_t got = 0;
                                               std::memcpy(&got, from, sizeof got);
                                               return got;
                                             }),
               .unit = "ns",
               .aim = bench::added(200),
               .each = static_cast<double>(many)});
  auto const copied = written<std::vector<double>>(window, few, mebibyte, [](std::byte const* from) {
    auto const* const first = reinterpret_cast<double const*>(from);
    return std::vector<double>(first, first + mebibyte / sizeof(double));
  });
  program.add({.name = "late get on the node, 1 MiB",
               .ours = late<std::vector<double>>(store, few, std::vector<double>(mebibyte / sizeof(double), 1.5)),
               .twin = copied,
               .aim = bench::ratio(1.05),
               .each = static_cast<double>(few)});
  Array<double> array({mebibyte / sizeof(double)});
  std::fill(array.begin(), array.end(), 1.5);
  program.add({.name = "late view on the node, 1 MiB",
               .ours = late<Array<double>>(store, few, array),
               .twin = copied,
               .each = static_cast<double>(few)});
}

}  // namespace

int main(int argc, char** argv) {
  mpi::Scope mpi(argc, argv);
  bench::Program program("late", argc, argv, bench::world());
  if (bench::ranks() != 2) {
    if (bench::rank() == 0) std::fprintf(stderr, "bench_late: two ranks are needed: mpirun -n 2 bench_late\n");
    return 2;
  }
  auto store = Store::open("bench", mpi::rma(MPI_COMM_WORLD, {.capacity = 128 * mebibyte}));
  raw::Window window(16 * mebibyte);
  add(program, store, window);
  return program.run();
}
