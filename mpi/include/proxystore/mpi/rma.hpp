#pragma once

#include <mpi.h>

#include <cstddef>
#include <memory>
#include <string_view>

#include <proxystore/connector.hpp>

namespace proxystore::mpi {

struct RmaOptions {
  /// Bytes of window memory that this rank contributes, for the objects that it sets and for slots. 0: 1 GiB, or
  /// its share of half the free shared memory if that is less. Committed as it is used.
  std::size_t capacity = 0;
  /// Commits the whole capacity at opening: no page faults later, and a lack of memory shows at once.
  bool prefault = false;
};

/// Objects in windows of the ranks' own memory, read in place by ranks of the same node; nobody copies, and a
/// future is handed over by a store into shared memory (a wake-up if the consumer sleeps). As text: kind `rma`,
/// options `capacity` and `prefault`.
///
/// Collective over `comm`, which is duplicated and not kept; MPI must be initialised. All ranks throw if one
/// fails: ConfigError, StoreFull (shared memory too small), ConnectorError. Closing is collective too (as
/// MPI_Win_free): close() first breaks the futures that this rank made without naming another producer, or that
/// name this rank, then waits for the other ranks to close. MPI_Finalize closes what was forgotten.
///
/// After opening any thread may use it at any MPI thread level: ranks of one node hand over without MPI calls.
/// Views (Bytes, Array) taken from it stay valid after close, until MPI_Finalize.
PROXYSTORE_EXPORT std::unique_ptr<Connector> rma(MPI_Comm comm, RmaOptions options = {});

/// A connector from text, for one line that switches the medium: `rma:?capacity=1GiB` is opened collectively on
/// `comm`; any other kind by each rank alone, from the Registry. Collective; all ranks throw if one fails.
PROXYSTORE_EXPORT std::unique_ptr<Connector> connect(MPI_Comm comm, std::string_view text);

}  // namespace proxystore::mpi
