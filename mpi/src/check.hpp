#pragma once

#include <mpi.h>

#include <exception>
#include <functional>
#include <initializer_list>
#include <string>

namespace proxystore::mpi::detail {

/// The one place where MPI's return codes become errors: ConnectorError with the function's name in it.
void mpi_check(int code, char const* function);

/// Takes all of these steps, whatever fails, and throws the first error then: the others are not left waiting in the
/// collective steps that follow one that failed here.
void take_all(std::initializer_list<std::function<void()>> steps);

/// Waits for a request without keeping a core: tests, yields, then sleeps up to a millisecond between tests. A test
/// that fails is thrown when the request is done, so that the memory that it stands for may go. `meanwhile` is called
/// between the tests.
void wait_patiently(MPI_Request& request, std::function<void()> const& meanwhile = [] {});

/// Collective over `comm`. Runs `work`; if it threw on any rank, every rank throws: its own error where it
/// failed, elsewhere a ConnectorError that names the rank and repeats its text. For a rank that fails, `work` must
/// have taken part in all that is collective in it, or in nothing.
///
/// They agree in two rounds, the second of which tells of those who did not hear the first. A rank for which only the
/// second fails goes on: all of them have said that all is well.
void together(MPI_Comm comm, std::function<void()> const& work);

}  // namespace proxystore::mpi::detail
