#include "node_window.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <sys/statvfs.h>

#include <proxystore/error.hpp>

#include "check.hpp"

namespace proxystore::mpi::detail {
namespace {

/// Offsets and flags are stored directly while others may read: only the unified model allows that.
void require_unified(MPI_Win window) {
  int* model = nullptr;
  int found = 0;
  mpi_check(MPI_Win_get_attr(window, MPI_WIN_MODEL, &model, &found), "MPI_Win_get_attr");
  if (found == 0 || *model != MPI_WIN_UNIFIED)
    throw ConnectorError("this MPI's windows have separate public and private copies (no MPI_WIN_UNIFIED), rma cannot "
                         "use them; choose a file or redis connector");
}

constexpr std::size_t page = 4096;

/// The whole pages that were asked for, one less than `extent` has: from the first page boundary on, since an MPI may
/// put a header of its own in front. Mappings begin at pages in every process, so all ranks cut alike.
std::span<std::byte> whole_pages(void* base, std::size_t extent) {
  auto const past = reinterpret_cast<std::uintptr_t>(base) % page;
  auto const skip = past == 0 ? 0 : page - past;
  return {static_cast<std::byte*>(base) + skip, (extent - page) / page * page};
}

MPI_Win allocate_shared(MPI_Comm comm, std::size_t bytes) {
  MPI_Info info = MPI_INFO_NULL;
  mpi_check(MPI_Info_create(&info), "MPI_Info_create");
  MPI_Info_set(info, "alloc_shared_noncontig", "true");  // each slab on pages of its own, near its rank; a hint
  void* base = nullptr;
  MPI_Win window = MPI_WIN_NULL;
  int const code = MPI_Win_allocate_shared(static_cast<MPI_Aint>(bytes + page), 1, info, comm, &base, &window);
  MPI_Info_free(&info);
  mpi_check(code, "MPI_Win_allocate_shared");
  return window;
}

}  // namespace

NodeWindow::NodeWindow(MPI_Comm comm, std::size_t bytes) {
  int size = 0;
  mpi_check(MPI_Comm_size(comm, &size), "MPI_Comm_size");
  std::uint64_t const mine = std::min(std::uint64_t{bytes}, std::numeric_limits<std::uint64_t>::max() / size);
  std::uint64_t all = 0;
  mpi_check(MPI_Allreduce(&mine, &all, 1, MPI_UINT64_T, MPI_SUM, comm), "MPI_Allreduce");
  together(comm, [&] {
    if (auto const free = free_shared_memory(); all > free)  // beyond it a write would be SIGBUS, not an error
      throw StoreFull("the ranks of this node want " + std::to_string(all) + " bytes of shared memory, /dev/shm has " +
                      std::to_string(free) + " free; open with a smaller rma:?capacity=…, or enlarge /dev/shm");
  });
  together(comm, [&] { window_ = allocate_shared(comm, bytes); });
  together(comm, [&] {
    mpi_check(MPI_Win_set_errhandler(window_, MPI_ERRORS_RETURN), "MPI_Win_set_errhandler");
    require_unified(window_);
    for (int rank = 0; rank < size; ++rank) {
      MPI_Aint extent = 0;
      int unit = 0;
      void* base = nullptr;
      mpi_check(MPI_Win_shared_query(window_, rank, &extent, &unit, &base), "MPI_Win_shared_query");
      slabs_.push_back(whole_pages(base, static_cast<std::size_t>(extent)));
    }
    mpi_check(MPI_Win_lock_all(MPI_MODE_NOCHECK, window_), "MPI_Win_lock_all");
  });
}

void NodeWindow::free() {
  slabs_.clear();
  mpi_check(MPI_Win_unlock_all(window_), "MPI_Win_unlock_all");
  mpi_check(MPI_Win_free(&window_), "MPI_Win_free");
}

std::size_t free_shared_memory() {
  struct statvfs file_system {};
  if (statvfs("/dev/shm", &file_system) != 0) return std::numeric_limits<std::size_t>::max();
  return static_cast<std::size_t>(file_system.f_bavail) * file_system.f_frsize;
}

}  // namespace proxystore::mpi::detail
