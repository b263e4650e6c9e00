/// A futex in memory that the ranks of a node share. Linux.
#pragma once

#include <linux/futex.h>
#include <mpi.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <climits>
#include <cstdint>

namespace raw {

class Futex {
 public:
  /// Collective.
  Futex() {
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Win_allocate_shared(rank == 0 ? 64 : 0, 1, MPI_INFO_NULL, MPI_COMM_WORLD, &memory_, &window_);
    MPI_Aint size = 0;
    int unit = 0;
    MPI_Win_shared_query(window_, 0, &size, &unit, &memory_);
    if (rank == 0) word().store(0);
    MPI_Barrier(MPI_COMM_WORLD);
  }
  ~Futex() { MPI_Win_free(&window_); }
  Futex(Futex const&) = delete;
  Futex& operator=(Futex const&) = delete;

  std::uint32_t now() const { return word().load(std::memory_order_acquire); }
  void set() {
    word().fetch_add(1, std::memory_order_release);
    syscall(SYS_futex, memory_, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
  }
  /// Until it was set once more than when it was `before`.
  void wait(std::uint32_t before) const {
    while (now() == before) syscall(SYS_futex, memory_, FUTEX_WAIT, before, nullptr, nullptr, 0);
  }

 private:
  std::atomic<std::uint32_t>& word() const { return *static_cast<std::atomic<std::uint32_t>*>(memory_); }
  MPI_Win window_ = MPI_WIN_NULL;
  void* memory_ = nullptr;
};

}  // namespace raw
