#include "node_window.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <numeric>
#include <string>

#include <proxystore/error.hpp>
#include <proxystore/key.hpp>

#include "check.hpp"

namespace proxystore::mpi::detail {
namespace {

/// Offsets and flags are stored directly while others may read: only the unified model allows that.
void require_unified(MPI_Win window) {
  int* model = nullptr;
  int found = 0;
  mpi_check(MPI_Win_get_attr(window, MPI_WIN_MODEL, &model, &found), "MPI_Win_get_attr");
  if (found == 0 || *model != MPI_WIN_UNIFIED)
    throw ConnectorError(
        "this MPI's windows have separate public and private copies (no MPI_WIN_UNIFIED), rma cannot "
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

/// MPI_WIN_NULL if this MPI cannot: with a user's choice of one-sided components it may have none for shared memory.
MPI_Win allocate_shared(MPI_Comm comm, std::size_t bytes) {
  MPI_Info info = MPI_INFO_NULL;  // a hint: each slab on pages of its own, near its rank
  if (MPI_Info_create(&info) == MPI_SUCCESS) MPI_Info_set(info, "alloc_shared_noncontig", "true");
  else info = MPI_INFO_NULL;
  void* base = nullptr;
  MPI_Win window = MPI_WIN_NULL;
  int const code = MPI_Win_allocate_shared(static_cast<MPI_Aint>(bytes + page), 1, info, comm, &base, &window);
  if (info != MPI_INFO_NULL) MPI_Info_free(&info);
  return code == MPI_SUCCESS ? window : MPI_WIN_NULL;
}

/// Maps `bytes` of POSIX shared memory of a name that all ranks of the node can form. Throws ConnectorError.
std::span<std::byte> map_memory(std::string const& name, std::size_t bytes, bool create) {
  auto const fail = [&](char const* function) {
    throw ConnectorError(std::string(function) + " failed for shared memory '" + name + "' (" + std::strerror(errno) +
                         ")");
  };
  int const file = shm_open(name.c_str(), create ? O_RDWR | O_CREAT | O_EXCL : O_RDWR, S_IRUSR | S_IWUSR);
  if (file < 0) fail("shm_open");
  bool const sized = !create || ftruncate(file, static_cast<off_t>(bytes)) == 0;
  void* const memory = sized ? mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0) : MAP_FAILED;
  int const reason = errno;
  ::close(file);
  errno = reason;
  if (memory == MAP_FAILED) fail(sized ? "mmap" : "ftruncate");
  return {static_cast<std::byte*>(memory), bytes};
}

std::vector<std::uint64_t> gather(MPI_Comm comm, int size, std::uint64_t mine) {
  std::vector<std::uint64_t> all(static_cast<std::size_t>(size));
  mpi_check(MPI_Allgather(&mine, 1, MPI_UINT64_T, all.data(), 1, MPI_UINT64_T, comm), "MPI_Allgather");
  return all;
}

}  // namespace

NodeWindow::NodeWindow(MPI_Comm comm, std::size_t bytes) {
  int size = 1;
  together(comm, [&] { mpi_check(MPI_Comm_size(comm, &size), "MPI_Comm_size"); });
  std::uint64_t const mine = std::min(std::uint64_t{bytes}, std::numeric_limits<std::uint64_t>::max() / size);
  std::uint64_t all = 0;
  together(comm, [&] {
    mpi_check(MPI_Allreduce(&mine, &all, 1, MPI_UINT64_T, MPI_SUM, comm), "MPI_Allreduce");
    if (auto const free = free_shared_memory(); all > free)  // beyond it a write would be SIGBUS, not an error
      throw StoreFull("the ranks of this node want " + std::to_string(all) + " bytes of shared memory, /dev/shm has " +
                      std::to_string(free) + " free; open with a smaller rma:?capacity=…, or enlarge /dev/shm");
  });
  window_ = allocate_shared(comm, bytes);
  try {
    int const made = window_ != MPI_WIN_NULL ? 1 : 0;
    int by_all = 0;
    together(comm, [&] { mpi_check(MPI_Allreduce(&made, &by_all, 1, MPI_INT, MPI_MIN, comm), "MPI_Allreduce"); });
    if (by_all == 0) window_ = MPI_WIN_NULL;  // one that some have cannot be freed: it stays until MPI_Finalize
    if (by_all != 0) query(comm, size);
    else map(comm, size, bytes);
  } catch (Error const&) {
    free(comm);
    throw;
  }
}

void NodeWindow::query(MPI_Comm comm, int size) {
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
    locked_ = true;
  });
}

/// Without MPI's help. The names are gone as soon as all have mapped them: nothing stays behind, however a job ends.
void NodeWindow::map(MPI_Comm comm, int size, std::size_t bytes) {
  int rank = 0;
  std::string base = make_uuid_key().text();
  std::vector<std::uint64_t> sizes;
  together(comm, [&] {
    take_all({[&] { mpi_check(MPI_Comm_rank(comm, &rank), "MPI_Comm_rank"); },
              [&] { mpi_check(MPI_Bcast(base.data(), static_cast<int>(base.size()), MPI_CHAR, 0, comm), "MPI_Bcast"); },
              [&] { sizes = gather(comm, size, bytes); }});
  });
  auto const name_of = [&](std::size_t of) { return "/proxystore-" + base + "-" + std::to_string(of); };
  auto const mine = static_cast<std::size_t>(rank);
  slabs_.resize(sizes.size());
  try {
    together(comm, [&] { slabs_[mine] = map_memory(name_of(mine), bytes, true); });
    together(comm, [&] {
      for (std::size_t of = 0; of < sizes.size(); ++of)
        if (of != mine) slabs_[of] = map_memory(name_of(of), sizes[of], false);
    });
  } catch (Error const&) {
    shm_unlink(name_of(mine).c_str());
    throw;
  }
  shm_unlink(name_of(mine).c_str());
}

void NodeWindow::free(MPI_Comm comm) {
  auto const slabs = std::exchange(slabs_, {});
  if (window_ == MPI_WIN_NULL) {
    for (auto const& slab : slabs)
      if (slab.data()) munmap(slab.data(), slab.size());
    return;
  }
  // An MPI may refuse to free it where the epoch has not ended, while the other ranks wait for that one.
  together(comm, [this] {
    if (std::exchange(locked_, false)) mpi_check(MPI_Win_unlock_all(window_), "MPI_Win_unlock_all");
  });
  mpi_check(MPI_Win_free(&window_), "MPI_Win_free");
}

std::size_t free_shared_memory() {
  struct statvfs file_system {};
  if (statvfs("/dev/shm", &file_system) != 0) return std::numeric_limits<std::size_t>::max();
  return static_cast<std::size_t>(file_system.f_bavail) * file_system.f_frsize;
}

}  // namespace proxystore::mpi::detail
