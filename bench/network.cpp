// What it takes to hand an object to a rank of another node, beside messages of the same bytes:
//     tests/hosts/run --hosts 2 -- bench_network     (with a third host: also futures that live on a third rank)
// Rank 0 produces, rank 1 consumes; who has nothing to do rests in the library. The twins are measured when the store's
// thread has come to rest, with which a program shares MPI.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "mpi.hpp"
#include "raw/network.hpp"

using namespace proxystore;

namespace {

using Words = bench::Futures<std::int64_t>;

constexpr auto to_rest = std::chrono::milliseconds(30);

struct Made {  // by whom, and for whom
  int maker = 0;
  FutureOptions options = {};
};

/// Times `work` on ranks 0 and 1. Then all rest in the library, where they serve the others, until rank `last` is done.
double serving(Store& store, int last, std::function<void()> const& work) {
  auto const end = bench::shared_futures<bool>(store, 1, last);
  MPI_Barrier(MPI_COMM_WORLD);
  auto const start = bench::Clock::now();
  if (bench::rank() < 2) work();
  auto const took = bench::seconds_since(start);
  if (bench::rank() == last) end[0].set_result(true);
  else end[0].wait();
  MPI_Barrier(MPI_COMM_WORLD);
  if (bench::rank() == last) store.evict(end[0].key());
  return took;
}

bench::Way twin(std::function<void()> run) {
  return {.run = {std::move(run)}, .prepare = [] { std::this_thread::sleep_for(to_rest); }};
}

/// 8 bytes there and back, to consumers that have asked before.
bench::Way bounce(Store& store, int times, Made const& there_made, Made const& back_made) {
  struct Both {
    Words there, back;
  };
  auto const both = std::make_shared<Both>();
  auto const run = [both, &store] {
    auto const& awaited = bench::rank() == 0 ? both->back : both->there;
    for (auto const& future : awaited)
      if (bench::rank() < 2) static_cast<void>(future.done());
    return serving(store, 0, [&] {
      for (std::size_t i = 0; i < awaited.size(); ++i) {
        if (bench::rank() == 0) both->there[i].set_result(1);
        awaited[i].result();
        if (bench::rank() == 1) both->back[i].set_result(1);
      }
    });
  };
  return {.run = {run},
          .prepare =
              [=, &store] {
                both->there = bench::shared_futures<std::int64_t>(store, times, there_made.maker, there_made.options);
                both->back = bench::shared_futures<std::int64_t>(store, times, back_made.maker, back_made.options);
              },
          .clean =
              [=, &store] {
                bench::evict(store, both->there, there_made.maker);
                bench::evict(store, both->back, back_made.maker);
              }};
}

/// 8 bytes that rank 0 has set before rank 1 looks.
bench::Way late(Store& store, int times) {
  auto const futures = std::make_shared<Words>();
  auto const run = [futures, &store] {
    auto const took = serving(store, 1, [&] {
      for (auto const& future : *futures)
        if (bench::rank() == 1) future.result();
    });
    return bench::rank() == 1 ? took : 0.0;
  };
  return {.run = {run},
          .prepare =
              [=, &store] {
                *futures = bench::shared_futures<std::int64_t>(store, times);
                for (auto const& future : *futures)
                  if (bench::rank() == 0) future.set_result(1);
              },
          .clean = [=, &store] { bench::evict(store, *futures); }};
}

void words(bench::Program& program, Store& store) {
  int const times = program.count(50);
  auto const ping_pong = twin([times] { raw::ping_pong(bench::rank(), times); });
  auto const row = [&](std::string const& name, bench::Way ours, double one_ways, double aim, bench::Point point = {}) {
    program.add({.name = name,
                 .ours = std::move(ours),
                 .twin = ping_pong,
                 .aim = bench::ratio(aim),
                 .each = one_ways * times,
                 .point = std::move(point)});
  };
  row("between nodes, to who waits, 8 B, set by its maker", bounce(store, times, {0}, {1}), 2, 1.3,
      {"latency", "to who waits, between nodes", 8});
  row("between nodes, to who waits, 8 B, set by its declared producer", bounce(store, times, {0}, {0, {.producer = 1}}),
      2, 1.3);
  if (bench::ranks() > 2)
    row("between nodes, to who waits, 8 B, made by a third rank", bounce(store, times, {2}, {2}), 2, 2.6);
  row("between nodes, set before, 8 B, beside two messages", late(store, times), 1, 1.2,
      {"latency", "set before, between nodes", 8});
}

void large(bench::Program& program, Store& store, std::string const& size, std::size_t bytes, bench::Aim aim) {
  auto const count = bytes / sizeof(double);
  auto const values = std::make_shared<std::vector<double>>(count, 1.5);
  struct Exchange {
    bench::Futures<Array<double>> there;
    bench::Futures<double> back;
    Array<double> array;
  };
  auto const all = std::make_shared<Exchange>();
  auto const prepare = [=, &store] {
    all->there = bench::shared_futures<Array<double>>(store, 1);
    all->back = bench::shared_futures<double>(store, 1, 1);
    if (bench::rank() != 0) return;
    all->array = store.allocate<double>({count});
    std::copy(values->begin(), values->end(), all->array.begin());
  };
  auto const run = [=] {
    if (bench::rank() == 0) all->there[0].set_result(std::move(all->array));
    else if (bench::rank() == 1) all->back[0].set_result(all->there[0].result()[count - 1]);
    all->back[0].wait();
  };
  auto const clean = [=, &store] {
    bench::evict(store, all->there);
    bench::evict(store, all->back, 1);
    *all = {};
  };
  program.add({.name = "between nodes, " + size,
               .ours = {.run = {run}, .prepare = prepare, .clean = clean},
               .twin = twin([=] { raw::send(bench::rank(), *values); }),
               .unit = "ms",
               .aim = aim,
               .repetitions = 15,
               .point = {"bandwidth", "between nodes", static_cast<double>(bytes)}});
}

}  // namespace

int main(int argc, char** argv) {
  mpi::Scope mpi(argc, argv);
  bench::Program program("network", argc, argv, bench::world());
  if (bench::ranks() < 2 || bench::ranks() > 3) {
    if (bench::rank() == 0)
      std::fprintf(stderr, "bench_network: two or three ranks are needed, each on a node of its own\n");
    return 2;
  }
  auto store = Store::open("bench", mpi::rma(MPI_COMM_WORLD, {.capacity = std::size_t{100} << 20U}));
  if (bench::rank() == 0) std::fprintf(stderr, "%s", store.report().c_str());
  words(program, store);
  large(program, store, "1 MiB", std::size_t{1} << 20U, {});
  large(program, store, "64 MiB", std::size_t{64} << 20U, bench::ratio(1.1));
  return program.run();
}
