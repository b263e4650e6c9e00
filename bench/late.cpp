// What it takes a rank to get an object that another rank of its node has set before, beside memcpy from a window:
//     mpirun -n 2 bench_late
#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstdio>
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
                         auto const held =
                             std::move((*futures)[i]);  // which goes before the next comes, as the twin's does
                         benchmark::DoNotOptimize(held.result());
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

void add(bench::Program& program, Store& store, raw::Window const& window) {
  int const many = program.count(1000), few = program.count(16);
  auto const* const word = window.data<std::int64_t>();
  auto const* const doubles = window.data<double>();
  constexpr std::size_t count = (std::size_t{1} << 20U) / sizeof(double);
  program.add({.name = "late get on the node, 8 B",
               .ours = late<std::int64_t>(store, many, 1),
               .twin = {timed(many,
                              [=](std::size_t) {
                                std::int64_t got = 0;
                                std::memcpy(&got, word, sizeof got);
                                benchmark::DoNotOptimize(got);
                                benchmark::ClobberMemory();
                              })},
               .unit = "ns",
               .aim = bench::added(200),
               .each = static_cast<double>(many)});
  auto const copy = timed(few, [=](std::size_t) {
    std::vector<double> got(doubles, doubles + count);
    benchmark::DoNotOptimize(got.data());
  });
  program.add({.name = "late get on the node, 1 MiB",
               .ours = late<std::vector<double>>(store, few, std::vector<double>(count, 1.5)),
               .twin = {copy},
               .aim = bench::ratio(1.05),
               .each = static_cast<double>(few)});
  Array<double> array({count});
  std::fill(array.begin(), array.end(), 1.5);
  program.add({.name = "late view on the node, 1 MiB",
               .ours = late<Array<double>>(store, few, array),
               .twin = {copy},
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
  auto store = Store::open("bench", mpi::rma(MPI_COMM_WORLD, {.capacity = std::size_t{128} << 20U}));
  raw::Window const window(std::size_t{1} << 20U);
  add(program, store, window);
  return program.run();
}
