#include "far_window.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <utility>
#include <vector>

#include <proxystore/error.hpp>

#include "check.hpp"

namespace proxystore::mpi::detail {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr std::size_t part = std::size_t{1} << 30U;  // what an int can count
constexpr std::size_t sample = 4096;
constexpr auto computes_for = 10ms, in_time = 5ms;

bool all(MPI_Comm comm, bool mine) {
  int value = mine ? 1 : 0;
  mpi_check(MPI_Allreduce(MPI_IN_PLACE, &value, 1, MPI_INT, MPI_MIN, comm), "MPI_Allreduce");
  return value != 0;
}

/// The smallest rank on another node than rank 0.
std::uint32_t first_elsewhere(MPI_Comm comm, Place const& place) {
  std::uint32_t rank = place.near(0) ? place.size : place.rank;
  mpi_check(MPI_Allreduce(MPI_IN_PLACE, &rank, 1, MPI_UINT32_T, MPI_MIN, comm), "MPI_Allreduce");
  return rank;
}

void compute() {
  for (auto const until = Clock::now() + computes_for; Clock::now() < until;) continue;
}

}  // namespace

void FarWindow::make(MPI_Comm comm, std::span<std::byte> slab) {
  mpi_check(MPI_Win_create(slab.data(), static_cast<MPI_Aint>(slab.size()), 1, MPI_INFO_NULL, comm, &window_),
            "MPI_Win_create");
  mpi_check(MPI_Win_set_errhandler(window_, MPI_ERRORS_RETURN), "MPI_Win_set_errhandler");
  int* model = nullptr;
  int found = 0;
  mpi_check(MPI_Win_get_attr(window_, MPI_WIN_MODEL, &model, &found), "MPI_Win_get_attr");
  if (found == 0 || *model != MPI_WIN_UNIFIED) throw ConnectorError("its memory model is not MPI_WIN_UNIFIED");
  mpi_check(MPI_Win_lock_all(MPI_MODE_NOCHECK, window_), "MPI_Win_lock_all");
  locked_ = true;
}

FarWindow::Findings FarWindow::open(MPI_Comm comm, Place const& place, std::span<std::byte> slab, Arena& arena) {
  Findings found;
  try {
    together(comm, [&] { make(comm, slab); });
  } catch (Error const& error) {
    found.why = error.what();
    bool freeable = false;  // all have it, or none can give it back before MPI_Finalize
    together(comm, [&] { freeable = all(comm, window_ != MPI_WIN_NULL); });
    if (freeable) free(comm);
    window_ = MPI_WIN_NULL;
    return found;
  }
  found.made = true;

  std::byte* scratch = nullptr;
  std::uint64_t offset = 0;
  std::uint32_t reader = 0;
  std::vector<std::byte> expected(sample), seen(sample);
  for (std::size_t i = 0; i < sample; ++i) expected[i] = static_cast<std::byte>(i * 31 + 7);
  together(comm, [&] { reader = first_elsewhere(comm, place); });
  bool right = true, passive = true;
  auto const target = [&](auto const& work) {
    if (place.rank == 0) work();
  };
  together(comm, [&] {
    target([&] {
      scratch = arena.allocate(sample);
      std::copy(expected.begin(), expected.end(), scratch);
      offset = arena.offset_of(scratch);
    });
  });
  together(comm, [&] { mpi_check(MPI_Bcast(&offset, 1, MPI_UINT64_T, 0, comm), "MPI_Bcast"); });
  together(comm, [&] {
    if (place.rank != reader) return;
    read(0, offset, seen);  // rank 0 serves it in MPI: it waits for all in together()
    right = seen == expected;
  });
  together(comm, [&] {
    static_cast<void>(all(comm, true));
    target(compute);
    if (place.rank != reader) return;
    auto const start = Clock::now();
    read(0, offset, seen);
    passive = Clock::now() - start < in_time && seen == expected;
  });
  target([&] { arena.free(scratch); });
  together(comm, [&] { found.right = all(comm, right); });
  together(comm, [&] { found.passive = all(comm, passive); });
  return found;
}

void FarWindow::get(std::uint32_t from, Row const& row) {
  auto const& [offset, into] = row;
  for (std::size_t at = 0; at < into.size(); at += part) {
    auto const size = static_cast<int>(std::min(part, into.size() - at));
    mpi_check(MPI_Get(into.data() + at, size, MPI_BYTE, static_cast<int>(from), static_cast<MPI_Aint>(offset + at),
                      size, MPI_BYTE, window_),
              "MPI_Get");
  }
}

void FarWindow::flush(std::uint32_t from) {
  mpi_check(MPI_Win_flush(static_cast<int>(from), window_), "MPI_Win_flush");
}

void FarWindow::read(std::uint32_t from, std::uint64_t offset, std::span<std::byte> into) {
  std::lock_guard lock(reading_);
  get(from, {offset, into});
  flush(from);
}

void FarWindow::read_rows(std::uint32_t from, std::span<Row const> rows) {
  constexpr std::size_t at_once = 1024;  // what MPI has to remember
  std::lock_guard lock(reading_);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    get(from, rows[i]);
    if ((i + 1) % at_once == 0) flush(from);
  }
  flush(from);
}

void FarWindow::free(MPI_Comm comm) {
  if (window_ == MPI_WIN_NULL) return;
  together(comm, [this] {
    if (std::exchange(locked_, false)) mpi_check(MPI_Win_unlock_all(window_), "MPI_Win_unlock_all");
  });
  mpi_check(MPI_Win_free(&window_), "MPI_Win_free");
}

}  // namespace proxystore::mpi::detail
