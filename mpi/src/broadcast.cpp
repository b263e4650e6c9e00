#include <proxystore/mpi/broadcast.hpp>

#include <climits>
#include <string>
#include <utility>

#include <proxystore/error.hpp>

#include "check.hpp"
#include "progress.hpp"

namespace proxystore::mpi {
namespace {

/// All ranks are here: this takes no longer than the bytes do.
void send(void* memory, int count, int root, MPI_Comm comm) {
  auto const mpi = detail::enter_mpi();
  detail::mpi_check(MPI_Bcast(memory, count, MPI_BYTE, root, comm), "MPI_Bcast");
}

/// Throws InvalidArgument where this is not so, on all ranks.
void check_root(int root, MPI_Comm comm) {
  int ranks = 0;
  detail::mpi_check(MPI_Comm_size(comm, &ranks), "MPI_Comm_size");
  if (root < 0 || root >= ranks)
    throw InvalidArgument("root " + std::to_string(root) + " is no rank of a communicator of " + std::to_string(ranks));
}

}  // namespace

Bytes broadcast_bytes(MPI_Comm comm, int root, std::function<Bytes()> const& make) {
  detail::come_together(comm);
  Bytes bytes;
  int rank = 0;
  detail::together(comm, [&] {
    check_root(root, comm);
    detail::mpi_check(MPI_Comm_rank(comm, &rank), "MPI_Comm_rank");
    if (rank != root) return;
    bytes = make();
    if (bytes.size() > INT_MAX)
      throw InvalidArgument("a value of more than 2 GiB is no thing to broadcast, put it into a store");
  });
  Buffer out;
  detail::together(comm, [&] {
    int size = static_cast<int>(bytes.size());
    send(&size, sizeof size, root, comm);
    out = rank == root ? Buffer::copy_of(bytes.span()) : Buffer(static_cast<std::size_t>(size));
  });
  detail::together(comm, [&] { send(out.data(), static_cast<int>(out.size()), root, comm); });
  return std::move(out).freeze();
}

}  // namespace proxystore::mpi
