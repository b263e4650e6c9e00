// What a program tells when it waits for what does not come: a report, then a deadline, or the ring of those who wait
// for each other. Run it with: mpirun -n 2 13_when_it_hangs
#include <proxystore/mpi/mpi.hpp>
#include <proxystore/proxystore.hpp>

#include <chrono>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

using namespace proxystore;
using namespace std::chrono_literals;

int main(int argc, char** argv) {
  mpi::Scope mpi(argc, argv);
  int rank = 0, size = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);

  StoreOptions options;
  options.stall_report = 30ms;    // the default is 30 s
  options.deadlock_check = 50ms;  // the default is 1 s
  options.metrics = Metering::kept;
  options.log = [rank](LogLevel level, std::string_view line) {
    if (rank == 0) std::cout << (level == LogLevel::warning ? "warning: " : "") << line << '\n';
  };
  auto store = Store::open("run", mpi::rma(MPI_COMM_WORLD, {.capacity = 16u << 20u}), options);

  // Nobody sets this one: the wait is reported once, and ends at its deadline.
  bool timed_out = false;
  auto const forgotten = store.future<double>();
  try {
    forgotten.wait(200ms);
  } catch (Timeout const& error) {
    timed_out = true;
    if (rank == 0) std::cout << error.what() << '\n';
  }

  // Each rank waits for what the next one is to set, before it sets its own.
  std::vector<Future<int>> promised;
  if (rank == 0)
    for (int r = 0; r < size; ++r) promised.push_back(store.future<int>({.producer = r}));
  promised = mpi::broadcast(MPI_COMM_WORLD, 0, promised);
  bool told = false;
  try {
    promised[(rank + 1) % size].wait(30s);
  } catch (DeadlockError const& error) {
    told = true;
    if (rank == 0) std::cout << error.what() << '\n';
  }

  if (rank == 0) std::cout << store.report() << store.metrics()->to_string();
  store.close();
  return timed_out && told ? 0 : 1;
}
