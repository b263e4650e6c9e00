// Stores that nobody closes: MPI_Finalize does it, on all ranks, and they answer afterwards.
#include <cstdio>
#include <exception>
#include <string>

#include <proxystore/mpi/mpi.hpp>
#include <proxystore/proxystore.hpp>

using namespace proxystore;

namespace {

int failures = 0;

void expect(bool condition, char const* what) {
  if (condition) return;
  std::fprintf(stderr, "not so: %s\n", what);
  ++failures;
}

template <class E, class Call>
void expect_throw(Call const& call, char const* what) {
  try {
    call();
    expect(false, what);
  } catch (E const&) {
  }
}

}  // namespace

int main(int argc, char** argv) {
  int provided = 0;  // with threads that move messages, where there are several nodes
  MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided);
  MPI_Comm half = MPI_COMM_NULL;
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_split(MPI_COMM_WORLD, rank % 2, rank, &half);

  // Never deleted; the second is on a part of the world, so that ranks have different ones to close.
  auto* const first = new Store(Store::open("first", mpi::rma(MPI_COMM_WORLD, {.capacity = 1u << 20u})));
  auto* const second = new Store(Store::open("second", mpi::rma(half, {.capacity = 1u << 20u})));
  auto* const third = new Store(Store::open("third", mpi::rma(MPI_COMM_WORLD, {.capacity = 1u << 20u})));
  MPI_Comm_free(&half);
  auto const future = first->future<int>();
  auto const key = second->put(std::string(1000, 'x'));
  auto const small = third->put(1);
  MPI_Finalize();

  expect_throw<BrokenFuture>([&] { future.wait(); }, "a wait after MPI_Finalize finds the future broken");
  expect_throw<StoreClosed>([&] { (void)second->exists(key); }, "a store is closed after MPI_Finalize");
  expect_throw<StoreClosed>([&] { third->evict(small); }, "evicting is refused");
  expect(first->report().find("closed") != std::string::npos, "a report says closed");
  first->close();
  return failures == 0 ? 0 : 1;
}
