// What a store costs as ranks grow: time to open and close it, memory of a rank, and one future to all ranks beside
// MPI_Bcast in the same run.
//     mpirun -n N bench_scale            one line a run; bench/scale runs it for many N, on one node and on several
#include <proxystore/mpi/mpi.hpp>
#include <proxystore/proxystore.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

using namespace proxystore;
using Clock = std::chrono::steady_clock;

namespace {

constexpr int rounds = 21, openings = 5;
constexpr std::size_t large = std::size_t{1} << 20U;

int rank = 0, ranks = 0;

double milliseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// Memory of this process that no other shares, KiB (Linux: the heap and the rest of what is anonymous).
double own_memory() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.rfind("RssAnon:", 0) == 0) return std::stod(line.substr(8));
  return 0;
}

double largest(double mine) {
  double all = 0;
  MPI_Allreduce(&mine, &all, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
  return all;
}

/// Until the root knows that all have it.
void gather_up() {
  int one = 1, all = 0;
  MPI_Reduce(&one, &all, 1, MPI_INT, MPI_SUM, 0, MPI_COMM_WORLD);
}

double broadcast(std::vector<char>& data) {
  MPI_Barrier(MPI_COMM_WORLD);
  auto const start = Clock::now();
  MPI_Bcast(data.data(), static_cast<int>(data.size()), MPI_CHAR, 0, MPI_COMM_WORLD);
  gather_up();
  return milliseconds_since(start);
}

/// One future to all ranks, which have asked for it and wait.
double fan_out(Store& store, std::size_t bytes) {
  auto const future = rank == 0 ? store.future<std::vector<std::byte>>() : Future<std::vector<std::byte>>();
  char text[64] = "";
  if (rank == 0) {
    auto const note = store.put(serialize(future));
    note.text().copy(text, sizeof text - 1);
  }
  MPI_Bcast(text, sizeof text, MPI_CHAR, 0, MPI_COMM_WORLD);
  auto const mine = deserialize<Future<std::vector<std::byte>>>(*store.get<Bytes>(Key(text)));
  if (rank != 0) static_cast<void>(mine.done());
  std::vector<std::byte> object(bytes, std::byte{1});
  MPI_Barrier(MPI_COMM_WORLD);
  auto const start = Clock::now();
  if (rank == 0) future.set_result(std::move(object));
  else mine.wait();
  gather_up();
  auto const took = milliseconds_since(start);
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) {
    store.evict(future.key());
    store.evict(Key(text));
  }
  return took;
}

}  // namespace

int main(int argc, char** argv) {
  mpi::Scope mpi(argc, argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  mpi::RmaOptions const options{.capacity = std::size_t{8} << 20U};

  std::vector<double> open, close;
  double memory = 0;
  for (int i = 0; i < openings; ++i) {
    MPI_Barrier(MPI_COMM_WORLD);
    auto const before = own_memory();
    auto start = Clock::now();
    auto store = Store::open("scale", mpi::rma(MPI_COMM_WORLD, options));
    open.push_back(largest(milliseconds_since(start)));
    memory = largest(own_memory() - before);
    start = Clock::now();
    store.close();
    close.push_back(largest(milliseconds_since(start)));
  }

  auto store = Store::open("scale", mpi::rma(MPI_COMM_WORLD, options));
  std::vector<double> small_raw, small, large_raw, larger;
  std::vector<char> eight(8), mebibyte(large);
  for (int i = 0; i < rounds; ++i) {
    small_raw.push_back(broadcast(eight));
    small.push_back(fan_out(store, 8));
    large_raw.push_back(broadcast(mebibyte));
    larger.push_back(fan_out(store, large));
  }
  auto const report = store.report();
  auto const at = report.find(" of the ranks on this node, ") + 28;
  auto const nodes = report.substr(at, report.find(' ', at) - at);
  if (rank == 0)
    std::printf("%5d ranks %3s nodes  open %7.1f ms  close %7.1f ms  memory %6.0f KiB a rank  8 B to all %8.3f ms (%5.2f of "
                "Bcast)  1 MiB %8.2f ms (%5.2f)\n",
                ranks, nodes.c_str(), median(open), median(close), memory, median(small), median(small) / median(small_raw),
                median(larger), median(larger) / median(large_raw));
  return 0;
}
