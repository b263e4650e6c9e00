/* Communicators of Fortran as those of C. */
#include <proxystore/c/proxystore_mpi.h>

PROXYSTORE_API int proxystore_store_open_mpi_f(char const* name, char const* connector, int comm,
                                               proxystore_store_options const* options, proxystore_store** out);
PROXYSTORE_API int proxystore_future_bcast_f(proxystore_future** futures, int count, int root, int comm);
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
