#pragma once

#include <mpi.h>

#include <exception>
#include <functional>
#include <string>

namespace proxystore::mpi::detail {

/// The one place where MPI's return codes become errors: ConnectorError with the function's name in it.
void mpi_check(int code, char const* function);

/// Waits for a request without keeping a core: tests, yields, then sleeps up to a millisecond between tests.
void wait_patiently(MPI_Request& request, char const* function);

/// Collective over `comm`. Runs `work`; if it threw on any rank, every rank throws: its own error where it
/// failed, elsewhere a ConnectorError that names the rank and repeats its text.
void together(MPI_Comm comm, std::function<void()> const& work);

}  // namespace proxystore::mpi::detail
