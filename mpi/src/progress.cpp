#include "progress.hpp"

#include <dlfcn.h>
#include <mpi.h>
#include <algorithm>
#include <shared_mutex>
#include <vector>

#include <proxystore/export.hpp>

#include "check.hpp"

namespace proxystore::mpi::detail {
namespace {

struct All {
  std::shared_mutex mutex;
  std::vector<Movable*> movables;
  std::recursive_mutex serial;

  static All& instance() {
    static All all;
    return all;
  }
};

bool is_main_thread() noexcept {
  thread_local int main = -1;
  if (main < 0 && MPI_Is_thread_main(&main) != MPI_SUCCESS) main = -1;
  return main > 0;
}

}  // namespace

void join_progress(Movable& movable) {
  auto& all = All::instance();
  std::lock_guard lock(all.mutex);
  all.movables.push_back(&movable);
}

void leave_progress(Movable& movable) {
  auto& all = All::instance();
  std::lock_guard lock(all.mutex);
  std::erase(all.movables, &movable);
}

int thread_level() {
  static int const level = [] {
    int provided = MPI_THREAD_SINGLE;
    mpi_check(MPI_Query_thread(&provided), "MPI_Query_thread");
    return provided;
  }();
  return level;
}

std::unique_lock<std::recursive_mutex> enter_mpi() {
  auto& all = All::instance();
  return thread_level() == MPI_THREAD_SERIALIZED ? std::unique_lock(all.serial)
                                                 : std::unique_lock<std::recursive_mutex>();
}

std::optional<std::unique_lock<std::recursive_mutex>> try_enter_mpi() {
  auto const level = thread_level();
  if (level < MPI_THREAD_SERIALIZED && !is_main_thread()) return std::nullopt;
  std::unique_lock serial(All::instance().serial, std::defer_lock);
  if (level == MPI_THREAD_SERIALIZED && !serial.try_lock()) return std::nullopt;
  return serial;
}

Motion move_all() noexcept {
  auto const mpi = try_enter_mpi();
  if (!mpi) return Motion::none;
  auto& all = All::instance();
  std::shared_lock lock(all.mutex);
  auto most = Motion::none;
  for (auto* const movable : all.movables) most = std::max(most, movable->move());
  return most;
}

void come_together(MPI_Comm comm, std::function<void()> const& work) {
  auto const meet = [comm] {
    auto const mpi = enter_mpi();
    MPI_Request request = MPI_REQUEST_NULL;
    mpi_check(MPI_Ibarrier(comm, &request), "MPI_Ibarrier");
    wait_patiently(request, [] { static_cast<void>(move_all()); });
  };
  together(comm, [&] { take_all({work, meet}); });
}

void end_threads() noexcept {
  auto& all = All::instance();
  std::shared_lock lock(all.mutex);  // as those who move hold it
  for (auto* const movable : all.movables) movable->end_thread();
}

}  // namespace proxystore::mpi::detail

/// MPI has no call-back that comes before MPI_Finalize leaves off locking: MPICH does so first of all, and aborts at its
/// end if a thread was inside meanwhile. So this takes the place of the profiling interface, weakly, and passes the call
/// on to whoever has it as well: a tool that was loaded before the program, or MPI. A tool that comes before this calls
/// PMPI_Finalize; then close_segment() ends the threads.
extern "C" PROXYSTORE_EXPORT __attribute__((weak)) int MPI_Finalize() {
  proxystore::mpi::detail::end_threads();
  auto* const next = reinterpret_cast<int (*)()>(dlsym(RTLD_NEXT, "MPI_Finalize"));
  return next ? next() : PMPI_Finalize();
}
