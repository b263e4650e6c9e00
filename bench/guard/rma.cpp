// The instructions of the paths over windows, on one rank.
//     mpirun -n 1 valgrind --tool=callgrind … guard_rma, by bench/guard/check
#include <proxystore/mpi/mpi.hpp>

#include "paths.hpp"

int main(int argc, char** argv) {
  proxystore::mpi::Scope mpi(argc, argv);
  guard::paths("rma", [] { return proxystore::mpi::rma(MPI_COMM_WORLD, {.capacity = std::size_t{16} << 20U}); });
}
