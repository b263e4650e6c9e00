// What stays in the store, by who evicts: the memory experiment of the ProxyFutures paper in small (there: 8 times 32
// tasks that make 10 MB of 100 MB and one that makes 1 MB of these; 32 workers, 5 s a task).
//     mpirun -n 3 bench_memory [SCALE]     bytes of the paper divided by SCALE; default 100
// Rank 0 submits, the others work. Bytes in use are those of all ranks' window memory, asked for after each task that
// has ended; after each that was submitted rank 0 looks at its own, where the inputs lie.
#include <proxystore/mpi/mpi.hpp>
#include <proxystore/proxystore.hpp>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "rows.hpp"

using namespace proxystore;
using Block = std::vector<double>;

namespace {

constexpr int rounds = 8, mappers = 32;

Block block(std::size_t bytes) { return Block(bytes / sizeof(double), 1.0); }

Store& store_of_this_rank(Store* store = nullptr) {
  static Store* open = nullptr;
  if (store) open = store;
  return *open;
}

// Window memory in use on this rank, from the store's report.
std::size_t in_use() {
  auto const report = store_of_this_rank().report();
  auto const at = report.find("in use ");
  return at == report.npos ? 0 : std::stoull(report.substr(at + 7));
}

// The tasks: by proxy (someone evicts by hand, or nobody does) …
Proxy<Block> map(Proxy<Block> const& in) {
  return store_of_this_rank().proxy(block(in->size() / 10 * sizeof(double)), {.populate = false});
}
Proxy<Block> reduce(std::vector<Proxy<Block>> const& in) {
  return store_of_this_rank().proxy(block(in.front()->size() / 10 * sizeof(double)), {.populate = false});
}
// … and by owner: what a task is given it consumes, what it makes it hands on.
OwnedProxy<Block> map_owned(OwnedProxy<Block> in) {
  return store_of_this_rank().owned_proxy(block(in->size() / 10 * sizeof(double)), {.populate = false});
}
OwnedProxy<Block> reduce_owned(std::vector<OwnedProxy<Block>> in) {
  return store_of_this_rank().owned_proxy(block(in.front()->size() / 10 * sizeof(double)), {.populate = false});
}

class Meter {
 public:
  Meter(mpi::Client const& submit, int ranks) : submit_(submit), ranks_(ranks), floor_(now()) {}

  void look() { peak_ = std::max(peak_, now()); }
  void look_here() { peak_ = std::max(peak_, in_use() + others_); }
  double peak() const { return mib(peak_); }
  double end() { return mib(now()); }

 private:
  std::size_t now() {
    std::vector<mpi::Task<std::size_t>> tasks;
    for (int rank = 1; rank < ranks_; ++rank) tasks.push_back(submit_.on(rank).run<&in_use>());
    others_ = 0;
    for (auto const& task : tasks) others_ += task.result();
    return in_use() + others_;
  }
  double mib(std::size_t bytes) const {
    return (static_cast<double>(bytes) - static_cast<double>(floor_)) / (1U << 20U);
  }

  mpi::Client const& submit_;
  int ranks_;
  std::size_t others_ = 0, floor_, peak_ = floor_;
};

enum class Evicts { nobody, program };

struct Use {  // MiB
  double peak, end;
};

Use by_proxy(mpi::Client const& submit, int ranks, std::size_t bytes, Evicts evicts) {
  auto& store = store_of_this_rank();
  Meter meter(submit, ranks);
  std::vector<Key> left;
  for (int round = 0; round < rounds; ++round) {
    std::vector<Proxy<Block>> inputs, maps;
    std::vector<mpi::Task<Proxy<Block>>> tasks;
    for (int i = 0; i < mappers; ++i) {
      inputs.push_back(store.proxy(block(bytes), {.populate = false}));
      tasks.push_back(submit.run<&map>(inputs.back()));
      meter.look_here();
    }
    auto const done_with = [&](Key const& key) { evicts == Evicts::program ? store.evict(key) : left.push_back(key); };
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      maps.push_back(tasks[i].result());
      meter.look();
      done_with(inputs[i].key());
    }
    auto const result = submit.run<&reduce>(maps).result();
    meter.look();
    for (auto const& each : maps) done_with(each.key());
    done_with(result.key());
  }
  Use const use{meter.peak(), meter.end()};
  for (auto const& key : left) store.evict(key);
  return use;
}

Use by_owner(mpi::Client const& submit, int ranks, std::size_t bytes) {
  auto& store = store_of_this_rank();
  Meter meter(submit, ranks);
  for (int round = 0; round < rounds; ++round) {
    std::vector<mpi::Task<OwnedProxy<Block>>> tasks;
    std::vector<OwnedProxy<Block>> maps;
    for (int i = 0; i < mappers; ++i) {
      tasks.push_back(submit.run<&map_owned>(store.owned_proxy(block(bytes), {.populate = false})));
      meter.look_here();
    }
    for (auto const& task : tasks) {
      maps.push_back(task.result());
      meter.look();
    }
    auto const result = submit.run<&reduce_owned>(maps).result();
    meter.look();
  }
  return {meter.peak(), meter.end()};
}

}  // namespace

int main(int argc, char** argv) {
  mpi::Scope mpi(argc, argv);
  int rank = 0, ranks = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  bench::Program program("memory", argc, argv, {.reports = rank == 0});
  std::size_t const scale = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 100;
  if (scale == 0) return 2;
  std::size_t const bytes = 100'000'000 / scale;
  auto store = Store::open(
      "memory", mpi::rma(MPI_COMM_WORLD, {.capacity = rounds * (mappers + 8) * bytes + (std::size_t{32} << 20U)}));
  store_of_this_rank(&store);
  mpi::Executor executor(MPI_COMM_WORLD);
  auto submit = executor.client();
  if (!submit) return 0;
  auto const owned = [=, &submit] { return by_owner(*submit, ranks, bytes); };
  auto const by_hand = [=, &submit] { return by_proxy(*submit, ranks, bytes, Evicts::program); };
  auto const left = [=, &submit] { return by_proxy(*submit, ranks, bytes, Evicts::nobody); };
  program.add({.name = "peak of owned proxies, beside evicted by hand",
               .ours = {[=] { return owned().peak; }},
               .twin = {[=] { return by_hand().peak; }},
               .unit = "MiB",
               .aim = bench::ratio(1.0),
               .repetitions = 3});
  program.add({.name = "left of owned proxies at the end",
               .ours = {[=] { return owned().end; }},
               .unit = "MiB",
               .aim = bench::at_most(0),
               .repetitions = 3});
  program.add({.name = "peak of proxies that nobody evicts, beside by hand",
               .ours = {[=] { return left().peak; }},
               .twin = {[=] { return by_hand().peak; }},
               .unit = "MiB",
               .repetitions = 3});
  return program.run();
}
