/* The first lesson in C: foo makes a density, bar needs it; neither knows the other. mpirun -n 2 ./foo_bar */
#include <stdio.h>
#include <stdlib.h>

#include <proxystore/c/proxystore_mpi.h>

enum { cells = 1000 };

/* Every call returns a code; what a code of yours does about it is its own affair. */
static void check(int code) {
  if (code == PROXYSTORE_OK) return;
  fprintf(stderr, "%s: %s\n", proxystore_code_name(code), proxystore_last_error());
  MPI_Abort(MPI_COMM_WORLD, code);
}

static void foo(proxystore_store* store, proxystore_future* out) {
  size_t const shape[1] = {cells};
  proxystore_array* density = NULL; /* in memory that other ranks can read */
  void* data = NULL;
  check(proxystore_array_new(store, PROXYSTORE_FLOAT64, 1, shape, &density));
  check(proxystore_array_data(density, &data));
  for (int i = 0; i < cells; ++i) ((double*)data)[i] = 2.5;
  check(proxystore_future_set_array(out, density)); /* publishes; no element moves */
  check(proxystore_array_free(&density));
}

static double bar(proxystore_proxy* density) {
  proxystore_view view;
  /* Work that does not need the density goes here. This waits until foo has set it, 60 s at most. */
  check(proxystore_proxy_resolve(density, 60.0, &view));
  double const* const data = view.data;
  double sum = 0;
  for (size_t i = 0; i < view.shape[0]; ++i) sum += data[i];
  return sum;
}

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  int rank = 0, ranks = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);

  proxystore_store* store = NULL;
  proxystore_future* future = NULL;
  check(proxystore_store_open_mpi("pipeline", "rma:?capacity=64MiB", MPI_COMM_WORLD, NULL, &store));
  if (rank == 0) check(proxystore_future_new(store, ranks - 1, 0, &future)); /* the last rank will set it */
  check(proxystore_future_bcast(&future, 1, 0, MPI_COMM_WORLD));

  if (rank == ranks - 1) foo(store, future);
  proxystore_proxy* density = NULL;
  check(proxystore_proxy_of_future(future, &density));
  double const sum = bar(density);
  if (rank == 0) printf("%g\n", sum);

  check(proxystore_proxy_free(&density));
  check(proxystore_future_free(&future));
  check(proxystore_store_free(&store)); /* collective: waits for the others */
  MPI_Finalize();
  return sum == 2.5 * cells ? EXIT_SUCCESS : EXIT_FAILURE;
}
