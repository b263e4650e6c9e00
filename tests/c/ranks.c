/* Over ranks: one store of all, handles told to all, errors of one rank are errors of all. */
#include "check.h"

#include <stdlib.h>

#include <proxystore/c/proxystore_mpi.h>

enum { cells = 100000 };
static int rank, ranks, in_windows;
static proxystore_store* store;

static proxystore_future** futures_of_rank_0(int count) {
  proxystore_future** futures = calloc((size_t)count, sizeof *futures);
  for (int i = 0; rank == 0 && i < count; ++i) OK(proxystore_future_new(store, i % ranks, 0, &futures[i]));
  OK(proxystore_future_bcast(futures, count, 0, MPI_COMM_WORLD));
  return futures;
}

static void every_rank_sets_what_its_neighbour_reads(void) {
  proxystore_future** futures = futures_of_rank_0(ranks);
  size_t const shape = cells;
  proxystore_array* array = NULL;
  void* data = NULL;
  OK(proxystore_array_new(store, PROXYSTORE_FLOAT64, 1, &shape, &array));
  OK(proxystore_array_data(array, &data));
  for (int i = 0; data != NULL && i < cells; ++i) ((double*)data)[i] = rank + 0.5 * i;
  OK(proxystore_future_set_array(futures[rank], array));
  OK(proxystore_array_free(&array));

  int const left = (rank + ranks - 1) % ranks;
  proxystore_proxy* proxy = NULL;
  proxystore_view view = {NULL, 0, 0, 0, NULL};
  OK(proxystore_proxy_of_future(futures[left], &proxy));
  OK(proxystore_proxy_resolve(proxy, PATIENCE, &view));
  CHECK(view.type == PROXYSTORE_FLOAT64 && view.size == cells * sizeof(double));
  if (view.data != NULL) CHECK(((double const*)view.data)[cells - 1] == left + 0.5 * (cells - 1));
  OK(proxystore_proxy_free(&proxy));
  for (int i = 0; i < ranks; ++i) OK(proxystore_future_free(&futures[i]));
  free(futures);
}

static void proxies_and_keys_travel_too(void) {
  proxystore_proxy* proxy = NULL;
  proxystore_key key;
  memset(&key, 0, sizeof key);
  int const last = ranks - 1;
  if (rank == last) {
    OK(proxystore_store_put_bytes(store, "from the last rank", 18, &key));
    OK(proxystore_proxy_of_key(store, &key, 0, &proxy));
  }
  OK(proxystore_proxy_bcast(&proxy, 1, last, MPI_COMM_WORLD));
  char text[18];
  OK(proxystore_proxy_read(proxy, PATIENCE, PROXYSTORE_BYTES, text, sizeof text));
  CHECK(memcmp(text, "from the last rank", 18) == 0);

  MPI_Bcast(&key, sizeof key, MPI_BYTE, last, MPI_COMM_WORLD);
  proxystore_proxy* by_key = NULL;
  OK(proxystore_store_get(store, &key, &by_key));
  OK(proxystore_proxy_free(&by_key));
  OK(proxystore_proxy_free(&proxy));
}

static void a_failure_reaches_every_rank(void) {
  proxystore_future** futures = futures_of_rank_0(1);
  proxystore_view view;
  if (rank == 0) OK(proxystore_future_fail(futures[0], "out of fuel"));
  FAILS(PROXYSTORE_REMOTE, "out of fuel", proxystore_future_result(futures[0], PATIENCE, &view));
  if (in_windows) CHECK(strstr(proxystore_last_error(), "rank 0") != NULL);
  OK(proxystore_future_free(&futures[0]));
  free(futures);
}

static void one_rank_that_is_wrong_stops_all(void) {
  proxystore_future* none = NULL;
  int const code = rank == 0 ? PROXYSTORE_INVALID_ARGUMENT : PROXYSTORE_CONNECTOR;
  FAILS(code, "", proxystore_future_bcast(&none, 1, 0, MPI_COMM_WORLD)); /* rank 0 has no future to tell */
  FAILS(PROXYSTORE_INVALID_ARGUMENT, "no rank", proxystore_future_bcast(&none, 1, ranks, MPI_COMM_WORLD));
  FAILS(PROXYSTORE_INVALID_ARGUMENT, "MPI_COMM_NULL", proxystore_future_bcast(&none, 1, 0, MPI_COMM_NULL));

  proxystore_store* other = NULL;
  int const got = proxystore_store_open_mpi(rank == 0 ? NULL : "other", "rma:", MPI_COMM_WORLD, NULL, &other);
  CHECK(got != PROXYSTORE_OK && other == NULL);
  if (rank == 0) CHECK(got == PROXYSTORE_INVALID_ARGUMENT);
  FAILS(PROXYSTORE_BAD_CONFIG, "speed",
        proxystore_store_open_mpi("other", "rma:?speed=9", MPI_COMM_WORLD, NULL, &other));
}

static void a_part_of_the_ranks_has_a_store_of_its_own(void) {
  MPI_Comm half;
  MPI_Comm_split(MPI_COMM_WORLD, rank % 2, rank, &half);
  proxystore_store* part = NULL;
  char name[20];
  snprintf(name, sizeof name, "half %d", rank % 2);
  OK(proxystore_store_open_mpi(name, "rma:?capacity=4MiB", half, NULL, &part));
  MPI_Comm_free(&half); /* the store has its own */
  proxystore_key key;
  OK(proxystore_store_put_bytes(part, "x", 1, &key));
  OK(proxystore_store_free(&part));
}

/* usage: ranks CONNECTOR */
int main(int argc, char** argv) {
  proxystore_store* early = NULL;
  FAILS(PROXYSTORE_INVALID_ARGUMENT, "not initialised",
        proxystore_store_open_mpi("early", "rma:", MPI_COMM_WORLD, NULL, &early));
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  char const* const connector = argc > 1 ? argv[1] : "rma:?capacity=16MiB";
  in_windows = strncmp(connector, "rma:", 4) == 0;
  OK(proxystore_store_open_mpi("ranks", connector, MPI_COMM_WORLD, NULL, &store));
  if (store == NULL) MPI_Abort(MPI_COMM_WORLD, 1);
  every_rank_sets_what_its_neighbour_reads();
  proxies_and_keys_travel_too();
  a_failure_reaches_every_rank();
  one_rank_that_is_wrong_stops_all();
  a_part_of_the_ranks_has_a_store_of_its_own();
  OK(proxystore_store_free(&store));
  MPI_Finalize();
  FAILS(PROXYSTORE_INVALID_ARGUMENT, "finalized",
        proxystore_store_open_mpi("late", "rma:", MPI_COMM_WORLD, NULL, &early));
  return failures != 0;
}
