/** @file
 * What of proxystore for C needs MPI. Collective calls: on every rank of the communicator, in the same order; if one
 * rank fails, all return an error. The communicator stays the caller's: stores work on a duplicate.
 *
 * Which threads may call what follows the level that MPI was initialised with; on one node any thread at any level. On
 * several: at MPI_THREAD_MULTIPLE all, at SERIALIZED one at a time, below that the main thread alone.
 */
#ifndef PROXYSTORE_C_PROXYSTORE_MPI_H
#define PROXYSTORE_C_PROXYSTORE_MPI_H

#include <mpi.h>

#include <proxystore/c/proxystore.h>

#ifdef __cplusplus
extern "C" {
#endif

/** "rma:?capacity=1GiB": objects lie in shared windows of the ranks of `comm`. Any other kind is opened by each rank
 * alone, so that one line of text switches the medium. Collective, and so are proxystore_store_close() and the
 * proxystore_store_free() that closes; MPI_Finalize closes what was forgotten. Ranks in C++ open it by mpi::connect. */
PROXYSTORE_API int proxystore_store_open_mpi(char const* name, char const* connector, MPI_Comm comm,
                                             proxystore_store_options const* options, proxystore_store** out);

/** `count` handles of rank `root`, on every rank; mpi::broadcast of a std::vector of them in C++. Collective. On the
 * others `futures` is written only, with handles of their own. */
PROXYSTORE_API int proxystore_future_bcast(proxystore_future** futures, int count, int root, MPI_Comm comm);
/** As proxystore_future_bcast(). */
PROXYSTORE_API int proxystore_proxy_bcast(proxystore_proxy** proxies, int count, int root, MPI_Comm comm);

#ifdef __cplusplus
}
#endif

#endif
