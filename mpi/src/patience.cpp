#include "patience.hpp"

#include "check.hpp"

namespace proxystore::mpi::detail {

Patience Patience::of_node(MPI_Comm node) {
  using namespace std::chrono_literals;
  cpu_set_t mine, all;
  CPU_ZERO(&mine);
  CPU_ZERO(&all);
  sched_getaffinity(0, sizeof mine, &mine);
  mpi_check(MPI_Allreduce(&mine, &all, sizeof mine, MPI_BYTE, MPI_BOR, node), "MPI_Allreduce");
  int ranks = 0;
  mpi_check(MPI_Comm_size(node, &ranks), "MPI_Comm_size");
  bool const core_each = CPU_COUNT(&all) >= ranks;
  return core_each ? Patience{20us, 50us} : Patience{0us, 50us};
}

}  // namespace proxystore::mpi::detail
