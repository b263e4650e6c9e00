// Hands over for ever on all ranks, until one of them is killed in the middle of it, by itself.
//   test_mpi_killed [posix]   posix: MPI makes no shared window, the library's own shared memory takes its place
#include <mpi.h>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <vector>

#include <proxystore/mpi/mpi.hpp>
#include <proxystore/proxystore.hpp>

using namespace proxystore;

namespace {
bool without_windows = false;
}

extern "C" int MPI_Win_allocate_shared(MPI_Aint size, int unit, MPI_Info info, MPI_Comm comm, void* base,
                                       MPI_Win* window) {
  if (without_windows) return MPI_ERR_OTHER;
  return PMPI_Win_allocate_shared(size, unit, info, comm, base, window);
}

int main(int argc, char** argv) {
  without_windows = argc > 1 && std::strcmp(argv[1], "posix") == 0;
  mpi::Scope const scope(argc, argv);
  int rank = 0, size = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  auto store = Store::open("doomed", mpi::rma(MPI_COMM_WORLD, {.capacity = 8U << 20U}));
  constexpr int killed_at = 200;
  for (int turn = 0;; ++turn) {
    // Each rank makes one for the next, small and large in turn.
    Bytes const mine = serialize(store.future<std::vector<double>>());
    std::vector<char> text(256);
    std::memcpy(text.data(), mine.data(), mine.size());
    std::vector<char> from(text.size());
    int const next = (rank + 1) % size, before = (rank + size - 1) % size;
    MPI_Sendrecv(text.data(), 256, MPI_CHAR, next, 0, from.data(), 256, MPI_CHAR, before, 0, MPI_COMM_WORLD,
                 MPI_STATUS_IGNORE);
    auto const own = deserialize<Future<std::vector<double>>>(mine);
    auto const of_another =
        deserialize<Future<std::vector<double>>>(Bytes::copy_of(std::as_bytes(std::span(from).first(mine.size()))));
    if (turn == killed_at && rank == size - 1) {
      std::puts("one is killed");
      std::fflush(stdout);
      std::raise(SIGKILL);
    }
    of_another.set_result(std::vector<double>(turn % 2 == 0 ? 1 : 50'000, 1.5));
    (void)own.result();
    store.evict(own.key());
  }
}
