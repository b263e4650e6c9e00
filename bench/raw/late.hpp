/// Memory of rank 0 in a shared window, which the other ranks of the node read.
#pragma once

#include <mpi.h>

#include <cstddef>
#include <cstring>

namespace raw {

class Window {
 public:
  /// Collective.
  explicit Window(std::size_t bytes) : bytes_(bytes) {
    MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
    MPI_Win_allocate_shared(rank_ == 0 ? static_cast<MPI_Aint>(bytes) : 0, 1, MPI_INFO_NULL, MPI_COMM_WORLD, &memory_,
                            &window_);
    MPI_Aint size = 0;
    int unit = 0;
    MPI_Win_shared_query(window_, 0, &size, &unit, &memory_);
  }
  ~Window() { MPI_Win_free(&window_); }
  Window(Window const&) = delete;
  Window& operator=(Window const&) = delete;

  /// New objects in all of it, by rank 0.
  void write() {
    if (rank_ == 0) std::memset(memory_, 1, bytes_);
  }
  std::byte const* data() const { return static_cast<std::byte const*>(memory_); }

 private:
  MPI_Win window_ = MPI_WIN_NULL;
  void* memory_ = nullptr;
  std::size_t const bytes_;
  int rank_ = 0;
};

}  // namespace raw
