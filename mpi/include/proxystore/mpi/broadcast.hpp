/// @file
/// Values of one rank on all.
#pragma once

#include <mpi.h>

#include <functional>

#include <proxystore/buffer.hpp>
#include <proxystore/export.hpp>
#include <proxystore/serializer.hpp>

namespace proxystore::mpi {

/// What `make` returns on rank `root` of `comm`, on all of its ranks; it is called there alone. Collective; all throw if
/// one fails: its own error there, ConnectorError elsewhere. Serves the stores of this process while it waits for the
/// other ranks, as MPI_Bcast does not: one of them may be waiting for an object of this one before it comes.
PROXYSTORE_EXPORT Bytes broadcast_bytes(MPI_Comm comm, int root, std::function<Bytes()> const& make);

/// A serializable value of rank `root`, futures and proxies above all, on all ranks; `value` of the others is not
/// looked at. Collective; throws as broadcast_bytes().
template <Serializable T>
T broadcast(MPI_Comm comm, int root, T const& value) {
  return deserialize<T>(broadcast_bytes(comm, root, [&] { return serialize(value); }));
}

}  // namespace proxystore::mpi
