/* Loaded into programs that run over hosts with MPICH 4.0 and UCX over TCP, whose MPI_Finalize may hang: in it each
   rank flushes what it has sent to each other rank, waits for their answers, and then sits in a barrier of the
   process manager, where it answers nobody; a rank whose flush arrives there late waits for ever. Here a rank that
   waits for the process manager goes on answering. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <poll.h>
#include <unistd.h>

static void* worker; /* the one that made progress last; not destroyed yet */

typedef unsigned progress_function(void*);
typedef void destroy_function(void*);
typedef ssize_t read_function(int, void*, size_t);

unsigned ucp_worker_progress(void* that) {
  static progress_function* real;
  if (!real) real = (progress_function*)dlsym(RTLD_NEXT, "ucp_worker_progress");
  worker = that;
  return real(that);
}

void ucp_worker_destroy(void* that) {
  worker = NULL;
  ((destroy_function*)dlsym(RTLD_NEXT, "ucp_worker_destroy"))(that);
}

static __thread int finalizing;

ssize_t read(int file, void* to, size_t size) {
  static read_function* real;
  struct pollfd ready = {file, POLLIN, 0};
  if (!real) real = (read_function*)dlsym(RTLD_NEXT, "read");
  while (finalizing && worker && poll(&ready, 1, 1) == 0) ucp_worker_progress(worker);
  return real(file, to, size);
}

static int finalize(const char* name) {
  finalizing = 1;
  int const result = ((int (*)(void))dlsym(RTLD_NEXT, name))();
  finalizing = 0;
  return result;
}

int MPI_Finalize(void) { return finalize("MPI_Finalize"); }
int PMPI_Finalize(void) { return finalize("PMPI_Finalize"); } /* which Fortran's mpi_f08 calls */
