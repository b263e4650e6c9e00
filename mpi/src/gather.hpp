#pragma once

#include <mpi.h>

#include <proxystore/connector.hpp>

#include "place.hpp"

namespace proxystore::mpi::detail {

/// Collective over `comm`. Rank 0 hears what each rank has to say, one after the other, so that it holds one of them at
/// a time; before that it compares clocks with those of other nodes (those of its own node have the same). Null: this
/// rank has nothing to say. REQUIRES: not null on rank 0
void gather(MPI_Comm comm, Place const& place, Gathering* gathering);

}  // namespace proxystore::mpi::detail
