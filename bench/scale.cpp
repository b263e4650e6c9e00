// One future to all ranks, which wait for it, beside MPI_Bcast; and what a store costs as ranks grow: time to open and
// to close it, memory of a rank.
//     mpirun -n N bench_scale            scripts/bench fan-out runs it for several N, on one node and over several
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mpi.hpp"
#include "raw/scale.hpp"

using namespace proxystore;

namespace {

using Object = std::vector<std::byte>;
mpi::RmaOptions const options{.capacity = std::size_t{8} << 20U};

/// Memory of this process that no other shares, KiB (Linux: the heap and the rest of what is anonymous).
double own_memory() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.rfind("RssAnon:", 0) == 0) return std::stod(line.substr(8));
  return 0;
}

int nodes() {
  MPI_Comm node = MPI_COMM_NULL;
  MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node);
  int first = 0, all = 0;
  MPI_Comm_rank(node, &first);
  int const counted = first == 0 ? 1 : 0;
  MPI_Allreduce(&counted, &all, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  MPI_Comm_free(&node);
  return all;
}

void fan_out(bench::Program& program, Store& store, std::string const& where, std::string const& size,
             std::size_t bytes, bench::Point point) {
  struct Shared {
    bench::Futures<Object> futures;
    Object object;
    std::vector<char> data;
  };
  auto const all = std::make_shared<Shared>();
  all->data.resize(bytes);
  auto const prepare = [=, &store] {
    all->futures = bench::shared_futures<Object>(store, 1);
    all->object.assign(bytes, std::byte{1});
    if (bench::rank() != 0) static_cast<void>(all->futures[0].done());
  };
  auto const run = [=] {
    if (bench::rank() == 0) all->futures[0].set_result(std::move(all->object));
    else all->futures[0].wait();
    raw::gather_up();
  };
  program.add({.name = size + " to " + where,
               .ours = {.run = {run}, .prepare = prepare, .clean = [=, &store] { bench::evict(store, all->futures); }},
               .twin = {[=] { raw::broadcast(all->data); }},
               .aim = bench::ratio(2.0),
               .repetitions = 21,
               .point = std::move(point)});
}

void opening(bench::Program& program, std::string const& where, double memory) {
  auto const store = std::make_shared<std::optional<Store>>();
  auto const open = [=] { store->emplace(Store::open("scale", mpi::rma(MPI_COMM_WORLD, options))); };
  auto const close = [=] { store->reset(); };
  program.add({.name = "opening on " + where, .ours = {.run = {open}, .clean = close}, .unit = "ms", .repetitions = 3});
  program.add(
      {.name = "closing on " + where, .ours = {.run = {close}, .prepare = open}, .unit = "ms", .repetitions = 3});
  program.add({.name = "own memory of a rank, opened first, of " + where,
               .ours = {[=] { return memory; }},
               .unit = "KiB",
               .repetitions = 2});
}

}  // namespace

int main(int argc, char** argv) {
  mpi::Scope mpi(argc, argv);
  bench::Program program("fan-out", argc, argv, bench::world());
  int const over = nodes();
  auto const others = bench::ranks() - 1;
  auto const where =
      std::to_string(bench::ranks()) + " ranks" + (over > 1 ? " on " + std::to_string(over) + " nodes" : "");
  auto const series = over > 1 ? "between nodes" : "on the node";
  auto const before = own_memory();
  auto store = Store::open("bench", mpi::rma(MPI_COMM_WORLD, options));
  auto const memory = own_memory() - before;
  fan_out(program, store, where, "8 B", 8, {"fan-out", std::string("8 B ") + series, static_cast<double>(others)});
  fan_out(program, store, where, "1 MiB", std::size_t{1} << 20U,
          {"fan-out", std::string("1 MiB ") + series, static_cast<double>(others)});
  opening(program, where, memory);
  return program.run();
}
