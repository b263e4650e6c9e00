#pragma once

#include <mpi.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace proxystore::mpi::detail {

/// Memory that the ranks of a node share: each contributes a slab and sees all of them. A window of
/// MPI_Win_allocate_shared; where this MPI makes none, POSIX shared memory.
/// A resource: free() is collective and belongs to its owner; the destructor calls no MPI.
class NodeWindow {
 public:
  NodeWindow() = default;
  /// Collective over `comm`, whose ranks share memory. `bytes` may differ between ranks.
  /// Throws ConnectorError, StoreFull when the shared memory is too small; then on all ranks.
  NodeWindow(MPI_Comm comm, std::size_t bytes);
  NodeWindow(NodeWindow&& other) noexcept
      : window_(std::exchange(other.window_, MPI_WIN_NULL)),
        locked_(std::exchange(other.locked_, false)),
        slabs_(std::move(other.slabs_)) {}
  NodeWindow& operator=(NodeWindow&& other) noexcept {
    std::swap(window_, other.window_);
    std::swap(locked_, other.locked_);
    std::swap(slabs_, other.slabs_);
    return *this;
  }
  ~NodeWindow() = default;

  std::span<std::byte> slab(int rank) const { return slabs_[static_cast<std::size_t>(rank)]; }
  std::size_t size() const noexcept { return slabs_.size(); }

  /// Collective over `comm`, that of the constructor. The slabs are gone afterwards. Nothing to do: no error. If the
  /// epoch cannot be ended on some rank all throw, and the window stays until MPI_Finalize.
  void free(MPI_Comm comm);

  bool is_mpi_window() const noexcept { return window_ != MPI_WIN_NULL; }

 private:
  void query(MPI_Comm comm, int size);
  void map(MPI_Comm comm, int size, std::size_t bytes);

  MPI_Win window_ = MPI_WIN_NULL;
  bool locked_ = false;
  std::vector<std::span<std::byte>> slabs_;
};

/// Free bytes of the file system that holds POSIX shared memory; the largest number where there is none.
std::size_t free_shared_memory();

}  // namespace proxystore::mpi::detail
