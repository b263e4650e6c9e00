#pragma once

#include <mpi.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace proxystore::mpi::detail {

/// One shared-memory window over the ranks of a node: each rank contributes a slab and sees all of them.
/// A resource: free() is collective and belongs to its owner; the destructor calls no MPI.
class NodeWindow {
 public:
  /// Collective over `comm`, whose ranks share memory. `bytes` may differ between ranks.
  /// Throws ConnectorError, StoreFull when the shared memory is too small; then on all ranks.
  NodeWindow(MPI_Comm comm, std::size_t bytes);
  NodeWindow(NodeWindow const&) = delete;
  NodeWindow& operator=(NodeWindow const&) = delete;
  ~NodeWindow() = default;

  std::span<std::byte> slab(int rank) const { return slabs_[static_cast<std::size_t>(rank)]; }
  std::size_t size() const noexcept { return slabs_.size(); }

  /// Collective. The slabs are gone afterwards.
  void free();

 private:
  MPI_Win window_ = MPI_WIN_NULL;
  std::vector<std::span<std::byte>> slabs_;
};

/// Free bytes of the file system that holds POSIX shared memory; the largest number where there is none.
std::size_t free_shared_memory();

}  // namespace proxystore::mpi::detail
