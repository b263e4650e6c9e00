#pragma once

#include <mpi.h>

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <string>

#include "arena.hpp"
#include "place.hpp"

namespace proxystore::mpi::detail {

/// The slabs of all ranks in one window, which ranks of other nodes read without their help, where this MPI can do that.
/// What it can is found out by trying. A resource: free() is collective; the destructor calls no MPI.
class FarWindow {
 public:
  FarWindow() = default;
  FarWindow(FarWindow const&) = delete;
  FarWindow& operator=(FarWindow const&) = delete;
  ~FarWindow() = default;

  struct Findings {
    bool made = false;     // MPI_Win_create made a window that all can read
    bool right = false;    // a read brought what was there
    bool passive = false;  // and did while the other rank computed, and called nothing
    std::string why;       // not made: the first error, of whatever rank
  };
  /// Collective over `comm`, of at least two nodes: makes the window and tries it between the first ranks of the first
  /// node and of another; some 20 ms. Throws ConnectorError, on all ranks, only where MPI fails at what it must do.
  Findings open(MPI_Comm comm, Place const& place, std::span<std::byte> slab, Arena& arena);

  /// From `offset` in the slab of rank `from`. Returns when it is there: where reading is not passive, not before that
  /// rank calls MPI. Thread-safe as far as MPI is. Throws ConnectorError.
  void read(std::uint32_t from, std::uint64_t offset, std::span<std::byte> into);
  struct Row {
    std::uint64_t offset;
    std::span<std::byte> into;
  };
  /// As read(), all at once.
  void read_rows(std::uint32_t from, std::span<Row const> rows);

  explicit operator bool() const noexcept { return window_ != MPI_WIN_NULL; }
  /// Collective over the communicator of open(). Nothing to do: no error. If the epoch cannot be ended on some rank all
  /// throw, and the window stays until MPI_Finalize.
  void free(MPI_Comm comm);

 private:
  void make(MPI_Comm comm, std::span<std::byte> slab);
  void get(std::uint32_t from, Row const& row);
  void flush(std::uint32_t from);

  MPI_Win window_ = MPI_WIN_NULL;
  bool locked_ = false;
  std::mutex reading_;
};

}  // namespace proxystore::mpi::detail
