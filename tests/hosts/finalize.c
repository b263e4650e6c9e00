/* Loaded into programs that run over hosts with MPICH 4.0 and UCX over TCP, whose MPI_Finalize may hang: in it each
   rank sends a flush to all others and waits for the answers, then sits in a barrier where it answers nobody. A rank
   that was answered by one who had not come to MPI_Finalize yet may sit there when that one's own flush arrives. So
   all ranks meet, rest without answering anybody until the last of them has left the meeting too, and enter then. */
#include <mpi.h>
#include <unistd.h>

int MPI_Finalize(void) {
  PMPI_Barrier(MPI_COMM_WORLD);
  usleep(200000);
  return PMPI_Finalize();
}
