/* Arrays that ranks make together: rows by rank, read by columns; what is wrong on one rank. */
#include "check.h"

#include <stdlib.h>

#include <proxystore/c/proxystore_collective.h>

enum { rows = 4, columns = 10, ghosts = 1 }; /* rows of each rank */
static int rank, ranks;
static proxystore_store* store;

static proxystore_collective* array_of_rank_0(char const* directory) {
  proxystore_collective* array = NULL;
  proxystore_collective_options options = PROXYSTORE_COLLECTIVE_OPTIONS;
  options.directory = directory;
  options.name = "field";
  if (rank == 0) OK(proxystore_collective_new(store, &options, &array));
  OK(proxystore_collective_bcast(&array, 1, 0, MPI_COMM_WORLD));
  return array;
}

static double value(size_t row, size_t column) { return 100.0 * (double)row + (double)column; }

/* My rows, with a ghost layer all around. */
static void fill(double* block) {
  for (size_t i = 0; i < rows + 2 * ghosts; ++i)
    for (size_t j = 0; j < columns + 2 * ghosts; ++j)
      block[i * (columns + 2 * ghosts) + j] = i < ghosts || i >= rows + ghosts || j < ghosts || j >= columns + ghosts
                                                  ? -1
                                                  : value((size_t)rank * rows + i - ghosts, j - ghosts);
}

static void read_a_column(proxystore_collective* array, size_t column) {
  size_t const all = (size_t)ranks * rows;
  size_t const offset[2] = {0, column}, shape[2] = {all, 1};
  double* data = calloc(all, sizeof *data);
  OK(proxystore_collective_region(array, PATIENCE, PROXYSTORE_FLOAT64, 2, offset, shape, data));
  for (size_t i = 0; i < all; ++i) CHECK(data[i] == value(i, column));
  free(data);
}

static void blocks_of_all_ranks_become_one(char const* directory) {
  proxystore_collective* array = array_of_rank_0(directory);
  size_t const shape[2] = {rows + 2 * ghosts, columns + 2 * ghosts};
  size_t const global[2] = {(size_t)ranks * rows, columns}, offset[2] = {(size_t)rank * rows, 0};
  size_t const inside[2] = {ghosts, ghosts}, interior[2] = {rows, columns};
  proxystore_placement const where = {global, offset, inside, interior};
  double block[(rows + 2 * ghosts) * (columns + 2 * ghosts)];
  int done = 0, axes = 0;
  size_t whole[2] = {0, 0};
  fill(block);
  OK(proxystore_collective_put(array, MPI_COMM_WORLD, PROXYSTORE_FLOAT64, block, 2, shape, &where));
  OK(proxystore_collective_done(array, &done));
  OK(proxystore_collective_wait(array, PATIENCE));
  OK(proxystore_collective_shape(array, PATIENCE, &axes, NULL, 0));
  CHECK(done == 1 && axes == 2);
  OK(proxystore_collective_shape(array, PATIENCE, &axes, whole, 2));
  CHECK(whole[0] == global[0] && whole[1] == global[1]);
  FAILS(PROXYSTORE_INVALID_ARGUMENT, "room for 1", proxystore_collective_shape(array, PATIENCE, &axes, whole, 1));
  for (size_t j = 0; j < columns; ++j) read_a_column(array, j);

  double one = 0;
  size_t const beyond[2] = {global[0], 0}, single[2] = {1, 1};
  FAILS(PROXYSTORE_INVALID_ARGUMENT, "does not lie",
        proxystore_collective_region(array, PATIENCE, PROXYSTORE_FLOAT64, 2, beyond, single, &one));
  FAILS(PROXYSTORE_INVALID_ARGUMENT, "f8",
        proxystore_collective_region(array, PATIENCE, PROXYSTORE_INT64, 2, offset, single, &one));
  FAILS(rank == 0 ? PROXYSTORE_ALREADY_SET : PROXYSTORE_CONNECTOR, "set already",
        proxystore_collective_put(array, MPI_COMM_WORLD, PROXYSTORE_FLOAT64, block, 2, shape, &where));
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) OK(proxystore_collective_evict(array));
  OK(proxystore_collective_free(&array));
}

static void a_block_in_the_store_is_not_copied(void) {
  proxystore_collective *array = array_of_rank_0(NULL), *same = NULL;
  size_t const shape[1] = {rows}, global[1] = {(size_t)ranks * rows}, offset[1] = {(size_t)rank * rows};
  proxystore_placement const where = {global, offset, NULL, NULL};
  proxystore_array* block = NULL;
  void* data = NULL;
  OK(proxystore_array_new(store, PROXYSTORE_INT32, 1, shape, &block));
  OK(proxystore_array_data(block, &data));
  for (int i = 0; i < rows; ++i) ((int*)data)[i] = rank * rows + i;
  OK(proxystore_collective_put_array(array, MPI_COMM_WORLD, block, &where));
  OK(proxystore_array_data(block, &data));
  CHECK(data == NULL);
  OK(proxystore_array_free(&block));

  char bytes[500];
  size_t size = 0, first = 0;
  OK(proxystore_collective_serialize(array, bytes, sizeof bytes, &size));
  OK(proxystore_collective_free(&array));
  OK(proxystore_collective_deserialize(bytes, size, &array));
  OK(proxystore_collective_copy(array, &same));
  int* all = calloc(global[0], sizeof *all);
  OK(proxystore_collective_region(same, PATIENCE, PROXYSTORE_INT32, 1, &first, global, all));
  for (int i = 0; i < ranks * rows; ++i) CHECK(all[i] == i);
  free(all);
  OK(proxystore_collective_free(&same));
  OK(proxystore_collective_free(&array));
}

static void one_rank_that_is_wrong_fails_the_array(void) {
  size_t const shape[1] = {rows}, global[1] = {(size_t)ranks * rows}, offset[1] = {(size_t)rank * rows};
  proxystore_placement const where = {global, offset, NULL, NULL};
  int const block[rows] = {0};
  int const wrong = rank == ranks - 1;
  proxystore_collective* array = array_of_rank_0(NULL);
  int code = proxystore_collective_put(array, MPI_COMM_WORLD, PROXYSTORE_INT32, block, 1, wrong ? NULL : shape, &where);
  CHECK(code == (wrong ? PROXYSTORE_INVALID_ARGUMENT : PROXYSTORE_CONNECTOR));
  int all[1];
  size_t const none = 0;
  FAILS(PROXYSTORE_REMOTE, "a shape is needed",
        proxystore_collective_region(array, PATIENCE, PROXYSTORE_INT32, 1, &none, &none, all));
  OK(proxystore_collective_free(&array));

  array = array_of_rank_0(NULL);
  code = wrong ? proxystore_collective_put_failure(array, MPI_COMM_WORLD, "out of fuel")
               : proxystore_collective_put(array, MPI_COMM_WORLD, PROXYSTORE_INT32, block, 1, shape, &where);
  CHECK(code == (wrong ? PROXYSTORE_REMOTE : PROXYSTORE_CONNECTOR));
  CHECK(strstr(proxystore_last_error(), "out of fuel") != NULL);
  OK(proxystore_collective_free(&array));

  FAILS(PROXYSTORE_INVALID_ARGUMENT, "a collective array",
        proxystore_collective_put(NULL, MPI_COMM_WORLD, PROXYSTORE_INT32, block, 1, shape, &where));
}

/* usage: collective [DIRECTORY] */
int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  OK(proxystore_store_open_mpi("collective", "rma:?capacity=16MiB", MPI_COMM_WORLD, NULL, &store));
  if (store == NULL) MPI_Abort(MPI_COMM_WORLD, 1);
  blocks_of_all_ranks_become_one(NULL);
  if (argc > 1) blocks_of_all_ranks_become_one(argv[1]);
  a_block_in_the_store_is_not_copied();
  one_rank_that_is_wrong_fails_the_array();
  OK(proxystore_store_free(&store));
  MPI_Finalize();
  return failures != 0;
}
