/// @file
/// Objects in the memory of ranks.
#pragma once

#include <mpi.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string_view>

#include <proxystore/connector.hpp>

namespace proxystore::mpi {

/// Of mpi::rma(). Each rank has its own, but for `transfer`.
struct RmaOptions {
  /// Bytes of window memory that this rank contributes, for the objects that it sets and for slots. 0: 1 GiB, or
  /// its share of half the free shared memory if that is less. Committed as it is used.
  std::size_t capacity = 0;
  /// Commits the whole capacity at opening: no page faults later, and a lack of memory shows at once.
  bool prefault = false;
  /// Of these bytes, how many may hold objects pulled from other nodes, oldest out first. As many more, of the process,
  /// hold parts of objects on their way to other nodes. 0: half of the capacity.
  std::size_t cache = 0;

  /// What moves messages between nodes. `calls`: a rank serves the others while it is in a blocking call of the
  /// library, or in Store::progress(); one that computes, or waits in MPI, keeps them waiting. `thread`: always; it
  /// rests up to a millisecond when there is little to do, and needs MPI_THREAD_MULTIPLE. `automatic`: a thread where
  /// MPI provides MPI_THREAD_MULTIPLE. On one node nothing needs it, and there is none.
  enum class Progress { automatic, calls, thread };
  Progress progress = Progress::automatic;
  /// How a consumer gets an object of another node that was set before it asked. `messages`: it asks the home.
  /// `rma`: it reads slot and object from a window over all nodes (MPI_Win_create, MPI_Get), without the help of the
  /// home where the network can; ConfigError where MPI makes no such window or its reads are wrong. A read then lasts
  /// until it is done, whatever the deadline. `automatic`: where a thread answers (see `progress`), messages; otherwise
  /// rma, if a trial at opening (some 20 ms) finds that a read is right and is done while the other rank computes.
  /// Consumers that wait are told by message always. The same on all ranks.
  enum class Transfer { automatic, messages, rma };
  Transfer transfer = Transfer::automatic;
  /// How long a call that asks a rank of another node waits for its answer. Waits for futures have their own deadlines.
  std::chrono::nanoseconds reply_timeout = std::chrono::minutes(5);
};

/// Objects in windows of the ranks' own memory, read in place by ranks of the same node; nobody copies, and a
/// future is handed over by a store into shared memory (a wake-up if the consumer sleeps). Between nodes the consumers
/// that wait are told by message, with a small object inside; a large one is pulled once to a node and read in place
/// there. As text: kind `rma`, options `capacity`, `prefault`, `cache`, `progress` (auto, calls, thread),
/// `transfer` (auto, messages, rma), `reply_timeout`.
///
/// Collective over `comm`, which is duplicated and not kept; MPI must be initialised. All ranks throw if one
/// fails: ConfigError, StoreFull (shared memory too small), ConnectorError. Closing is collective too (as
/// MPI_Win_free): close() first breaks the futures that this rank made without naming another producer, or that
/// name this rank, then waits for the other ranks to close. MPI_Finalize closes what was forgotten.
///
/// On one node any thread may use it at any MPI thread level: ranks hand over without MPI calls. On several nodes the
/// library calls MPI from the threads that wait in it: at MPI_THREAD_MULTIPLE from all, at SERIALIZED from one at a
/// time (no other may call MPI meanwhile), at FUNNELED and SINGLE from the main thread alone.
///
/// An eviction has taken effect at the home of the object when it returns, and on the node of who evicted; copies on
/// other nodes are found a message longer. From another node it waits for the home's answer.
/// Views (Bytes, Array) taken from it stay valid after close, until MPI_Finalize.
PROXYSTORE_EXPORT std::unique_ptr<Connector> rma(MPI_Comm comm, RmaOptions options = {});

/// A connector from text, for one line that switches the medium: `rma:?capacity=1GiB` and `parallel-file:/dir`
/// are opened collectively on `comm`, and so are such members of a `multi:`; all else by each rank alone, from the
/// Registry. Collective; all ranks throw if one fails.
PROXYSTORE_EXPORT std::unique_ptr<Connector> connect(MPI_Comm comm, std::string_view text);

}  // namespace proxystore::mpi
