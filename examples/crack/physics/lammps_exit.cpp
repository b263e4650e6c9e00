#include "physics/lammps_exit.hpp"

#include <mpi.h>

namespace {
thread_local bool inside_lammps = false;
}

extern "C" {

__attribute__((visibility("default"))) int MPI_Finalize() {
  if (inside_lammps) throw crack::LammpsError("LAMMPS stopped with an error");
  return PMPI_Finalize();
}

__attribute__((visibility("default"))) int MPI_Abort(MPI_Comm comm, int status) {
  if (inside_lammps) throw crack::LammpsAbort("LAMMPS stopped with an error on one rank");
  return PMPI_Abort(comm, status);
}
}

namespace crack {

LammpsExitGuard::LammpsExitGuard() { inside_lammps = true; }

LammpsExitGuard::~LammpsExitGuard() { inside_lammps = false; }

}  // namespace crack
