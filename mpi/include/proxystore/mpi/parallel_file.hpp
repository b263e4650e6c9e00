/// @file
/// Objects on a file system that ranks share.
#pragma once

#include <mpi.h>

#include <cstddef>
#include <memory>
#include <string>

#include <proxystore/connector.hpp>
#include <proxystore/mpi/rma.hpp>

namespace proxystore::mpi {

/// Of mpi::parallel_file().
struct ParallelFileOptions {
  /// On a file system that all ranks share. Made if it is missing, and those above it.
  std::string directory = {};
  /// Bytes of a file. A rank begins the next one when it is full, and removes it when all in it is evicted. An object
  /// that is larger has a file of its own.
  std::size_t segment = std::size_t{256} << 20U;
  /// Bytes that the files of this rank, made since the opening, may take together; 0: any. StoreFull beyond.
  std::size_t quota = 0;
  /// What has been put or set survives a crash of the machines: it is on the disk before anybody hears of it. (That it was
  /// evicted may be forgotten.)
  bool fsync = false;
  /// What the file system promises between hosts. `posix`: who reads after a write has ended sees it (Lustre, GPFS, all
  /// on one machine). `close_to_open`: who opens a file after another has flushed it sees what that has written (NFS):
  /// objects are flushed before they are announced, and files opened for each object. `automatic`: the latter on NFS.
  enum class Consistency { automatic, posix, close_to_open };
  Consistency consistency = Consistency::automatic;
  /// get() compares the checksum of what it returns.
  bool verify = true;
  /// Mode of the files, exactly. A directory that is made can be searched besides by whom it lets read: 0700.
  unsigned permissions = 0600;
  /// Of the store of keys and places that the ranks share; its capacity is for these alone, some 200 bytes an object.
  RmaOptions control = {.capacity = std::size_t{64} << 20U};
};

/// Objects in files that the ranks append to, on a file system that they share; keys, and who waits for what, as with
/// rma(): consumers are told where an object lies, and nobody looks for it in a directory. A rank makes one file for
/// many objects; a get is one read, or a view of the mapped file where the file system belongs to this machine. As
/// text: `parallel-file:/scratch/run7?segment=256MiB&quota=10GiB&fsync=yes&consistency=posix`, options `segment`,
/// `quota`, `fsync`, `consistency` (auto, posix, close_to_open), `verify`, `permissions`, and those of rma, of which
/// `capacity` is that of `control`.
///
/// Objects outlive the job. A later one, with any number of ranks, opens the directory and finds the objects by their
/// keys, so saved proxies resolve there if the store has the same name and directory. A future of an earlier job that
/// was not set is a BrokenFuture, which says of which job. After `kill -9` of all ranks what was announced is there;
/// after a crash of the machines too, with `fsync`. What is not intact is CorruptObject. One job at a time writes; what
/// another rank of a job evicts of an earlier job's objects, a rank that has looked for it already may still find.
///
/// Collective over `comm` as rma(), as is close(). Errors: those of rma(); StoreFull (disk full, quota) of a put or set
/// after which everything is as it was before; ConnectorError.
/// Bytes taken from it stay valid after close, and when the object is evicted.
PROXYSTORE_EXPORT std::unique_ptr<Connector> parallel_file(MPI_Comm comm, ParallelFileOptions options);

}  // namespace proxystore::mpi
