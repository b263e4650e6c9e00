// What was made before MPI_Finalize and is destroyed after it: stores, views, arrays not yet published.
#include <cstdio>
#include <optional>
#include <vector>

#include <proxystore/mpi/mpi.hpp>
#include <proxystore/proxystore.hpp>

using namespace proxystore;

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  bool right = true;

  std::optional<Array<double>> closed_view, open_view, unpublished, dropped_between;
  std::optional<Bytes> evicted;
  auto open = std::optional(Store::open("open", mpi::rma(MPI_COMM_WORLD, {.capacity = 4u << 20u})));
  auto const in_memory = [](Store& store) {
    Array<double> out = store.allocate<double>({1000});
    for (double& x : out) x = 1.5;
    return out;
  };
  auto const stored = [&](Store& store) {
    auto const future = store.future<Array<double>>();
    future.set_result(in_memory(store));
    return future.proxy().extract();
  };
  {
    auto closed = Store::open("closed", mpi::rma(MPI_COMM_WORLD, {.capacity = 4u << 20u}));
    closed_view = stored(closed);
    dropped_between = stored(closed);
  }
  right = right && closed_view->is_view() && (*closed_view)[999] == 1.5;  // closed, and still there
  dropped_between.reset();
  open_view = stored(*open);
  unpublished = in_memory(*open);
  auto const key = open->put(std::vector<double>(1000, 2.5));
  if (rank == 0) {
    evicted = open->connector().get(key);
    open->evict(key);
  }
  MPI_Finalize();

  // Views may not be read any more; that they are dropped, in this order or another, must not matter.
  open_view.reset();
  open.reset();
  evicted.reset();
  closed_view.reset();
  unpublished.reset();
  if (!right) std::fputs("a view did not survive the closing of its store\n", stderr);
  return right ? 0 : 1;
}
