/** @file
 * Arrays that many ranks make together, each its block, and any other ranks read in parts, cut another way. */
#ifndef PROXYSTORE_C_PROXYSTORE_COLLECTIVE_H
#define PROXYSTORE_C_PROXYSTORE_COLLECTIVE_H

#include <proxystore/c/proxystore_mpi.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A promise of such an array; mpi::CollectiveFuture in C++, whose bytes these handles have. */
typedef struct proxystore_collective proxystore_collective;

/** Where the elements lie, and who puts them. */
typedef struct proxystore_collective_options {
  /** NULL: each block stays an object of the store. A directory that all ranks see: one HDF5 file in it, of all. */
  char const* directory;
  char const* name; /**< of the dataset; the file is `<directory>/<name>-<uuid>.h5` */
  int producer;     /**< a rank of the store that will take part in the put, or PROXYSTORE_ANY_PRODUCER */
} proxystore_collective_options;

/** The defaults, to be changed. */
#define PROXYSTORE_COLLECTIVE_OPTIONS \
  { NULL, "array", PROXYSTORE_ANY_PRODUCER }

/** Where a rank's block belongs; as many extents as the block has. */
typedef struct proxystore_placement {
  size_t const* global_shape; /**< of the whole array, the same on all ranks */
  size_t const* offset; /**< in the whole array, of the first element of the block (of its interior, if there is one) */
  /** The part of the block that is put, without its ghost layers: where in the block it begins, and its shape. Both
   * NULL: all of it. */
  size_t const* interior_offset;
  size_t const* interior_shape;
} proxystore_placement;

/** Not collective: one rank makes it and tells the others. `options` may be NULL, `file` too. */
#define proxystore_collective_new(store, options, out) \
  proxystore_collective_new_at(store, options, __FILE__, __LINE__, out)
/** What proxystore_collective_new() calls. `file` and `line` stand in reports and errors. */
PROXYSTORE_API int proxystore_collective_new_at(proxystore_store* store, proxystore_collective_options const* options,
                                                char const* file, int line, proxystore_collective** out);
/** Another handle of the same promise. */
PROXYSTORE_API int proxystore_collective_copy(proxystore_collective const* array, proxystore_collective** out);
/** Gives back the handle. */
PROXYSTORE_API int proxystore_collective_free(proxystore_collective** array);
/** As proxystore_future_bcast(). */
PROXYSTORE_API int proxystore_collective_bcast(proxystore_collective** arrays, int count, int root, MPI_Comm comm);

/** Collective over `comm`, any ranks that have the store open: together the blocks are the whole array, each element
 * once. A rank without a part puts a block with an extent of zero. Returns when consumers can read. If one rank fails,
 * also by a wrong argument, all do, and consumers get PROXYSTORE_REMOTE. */
PROXYSTORE_API int proxystore_collective_put(proxystore_collective* array, MPI_Comm comm, int type, void const* block,
                                             int rank, size_t const* shape, proxystore_placement const* where);
/** The same without a copy where the blocks stay in the store; the block is empty then. */
PROXYSTORE_API int proxystore_collective_put_array(proxystore_collective* array, MPI_Comm comm, proxystore_array* block,
                                                   proxystore_placement const* where);
/** Takes the place of the put on a rank that has no block, and returns PROXYSTORE_REMOTE. Collective with the others'.
 */
PROXYSTORE_API int proxystore_collective_put_failure(proxystore_collective* array, MPI_Comm comm, char const* message);

/** *out: 1 if it is put, or failed; else 0. Never waits. */
PROXYSTORE_API int proxystore_collective_done(proxystore_collective* array, int* out);
/** Until it is put, or failed, which is no error here. */
PROXYSTORE_API int proxystore_collective_wait(proxystore_collective* array, double timeout);
/** Waits, then the shape of the whole array: *rank extents, in `shape` with room for `capacity`, which may be zero. */
PROXYSTORE_API int proxystore_collective_shape(proxystore_collective* array, double timeout, int* rank, size_t* shape,
                                               int capacity);
/** Waits, then copies the elements from `offset` on to `data`, which has room for all of `shape`. Any rank at any time;
 * regions may overlap. */
PROXYSTORE_API int proxystore_collective_region(proxystore_collective* array, double timeout, int type, int rank,
                                                size_t const* offset, size_t const* shape, void* data);
/** Takes the array out of its medium, the file too. */
PROXYSTORE_API int proxystore_collective_evict(proxystore_collective* array);

/** As proxystore_future_serialize(). */
PROXYSTORE_API int proxystore_collective_serialize(proxystore_collective const* array, void* buffer, size_t capacity,
                                                   size_t* size);
/** As proxystore_future_deserialize(). */
PROXYSTORE_API int proxystore_collective_deserialize(void const* buffer, size_t size, proxystore_collective** out);

#ifdef __cplusplus
}
#endif

#endif
