/* Communicators of Fortran as those of C. */
#include <proxystore/c/proxystore_collective.h>
#include <proxystore/c/proxystore_mpi.h>

PROXYSTORE_API int proxystore_store_open_mpi_f(char const* name, char const* connector, int comm,
                                               proxystore_store_options const* options, proxystore_store** out);
PROXYSTORE_API int proxystore_future_bcast_f(proxystore_future** futures, int count, int root, int comm);
PROXYSTORE_API int proxystore_collective_new_f(proxystore_store* store, char const* directory, char const* name,
                                               int producer, proxystore_collective** out);
PROXYSTORE_API int proxystore_collective_bcast_f(proxystore_collective** arrays, int count, int root, int comm);
PROXYSTORE_API int proxystore_collective_put_f(proxystore_collective* array, int comm, int type, void const* block,
                                               int rank, size_t const* shape, size_t const* global,
                                               size_t const* offset, size_t const* inside, size_t const* interior);
PROXYSTORE_API int proxystore_proxy_bcast_f(proxystore_proxy** proxies, int count, int root, int comm);

int proxystore_store_open_mpi_f(char const* name, char const* connector, int comm,
                                proxystore_store_options const* options, proxystore_store** out) {
  return proxystore_store_open_mpi(name, connector, MPI_Comm_f2c((MPI_Fint)comm), options, out);
}

int proxystore_future_bcast_f(proxystore_future** futures, int count, int root, int comm) {
  return proxystore_future_bcast(futures, count, root, MPI_Comm_f2c((MPI_Fint)comm));
}

int proxystore_proxy_bcast_f(proxystore_proxy** proxies, int count, int root, int comm) {
  return proxystore_proxy_bcast(proxies, count, root, MPI_Comm_f2c((MPI_Fint)comm));
}

int proxystore_collective_new_f(proxystore_store* store, char const* directory, char const* name, int producer,
                                proxystore_collective** out) {
  proxystore_collective_options const options = {directory[0] == '\0' ? NULL : directory, name, producer};
  return proxystore_collective_new_at(store, &options, "Fortran", 0, out);
}

int proxystore_collective_bcast_f(proxystore_collective** arrays, int count, int root, int comm) {
  return proxystore_collective_bcast(arrays, count, root, MPI_Comm_f2c((MPI_Fint)comm));
}

int proxystore_collective_put_f(proxystore_collective* array, int comm, int type, void const* block, int rank,
                                size_t const* shape, size_t const* global, size_t const* offset, size_t const* inside,
                                size_t const* interior) {
  proxystore_placement const where = {global, offset, inside, interior};
  return proxystore_collective_put(array, MPI_Comm_f2c((MPI_Fint)comm), type, block, rank, shape, &where);
}
