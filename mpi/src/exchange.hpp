#pragma once

#include <mpi.h>

#include <vector>

#include <proxystore/buffer.hpp>

namespace proxystore::mpi::detail {

int rank_in(MPI_Comm comm);

/// What each rank gives, at every rank and in their order. Collective; all throw if one fails. At most 2 GiB together.
std::vector<Bytes> exchange(MPI_Comm comm, Bytes const& mine);

}  // namespace proxystore::mpi::detail
