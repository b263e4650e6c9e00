#include <proxystore/mpi/scope.hpp>

#include <mpi.h>

#include <proxystore/error.hpp>

#include "check.hpp"

namespace proxystore::mpi {

Scope::Scope(int& argc, char**& argv) {
  int initialised = 0, finalized = 0;
  detail::mpi_check(MPI_Initialized(&initialised), "MPI_Initialized");
  detail::mpi_check(MPI_Finalized(&finalized), "MPI_Finalized");
  if (finalized != 0) throw ConnectorError("MPI was finalized and cannot be initialised a second time");
  if (initialised != 0) return;
  int provided = 0;
  detail::mpi_check(MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided), "MPI_Init_thread");
  owner_ = true;
}

Scope::~Scope() {
  int finalized = 0;
  MPI_Finalized(&finalized);
  if (owner_ && finalized == 0) MPI_Finalize();
}

}  // namespace proxystore::mpi
