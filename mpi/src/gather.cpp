#include "gather.hpp"

#include <sched.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <exception>
#include <limits>
#include <utility>

#include "check.hpp"
#include "progress.hpp"

namespace proxystore::mpi::detail {
namespace {

constexpr int tag = 1;
constexpr int rounds = 16;  // of which the fastest counts
constexpr std::size_t part = std::size_t{1} << 30U;

std::int64_t now() noexcept {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

enum class Comes { some_time, soon };

void finish(MPI_Request& request, Comes comes) {
  if (comes == Comes::some_time) return wait_patiently(request, [] { static_cast<void>(move_all()); });
  for (int done = 0; done == 0; sched_yield()) mpi_check(MPI_Test(&request, &done, MPI_STATUS_IGNORE), "MPI_Test");
}

void send(MPI_Comm comm, int to, void const* data, std::size_t bytes, Comes comes = Comes::some_time) {
  MPI_Request request = MPI_REQUEST_NULL;
  mpi_check(MPI_Isend(data, static_cast<int>(bytes), MPI_BYTE, to, tag, comm, &request), "MPI_Isend");
  finish(request, comes);
}

void receive(MPI_Comm comm, int from, void* data, std::size_t bytes, Comes comes = Comes::some_time) {
  MPI_Request request = MPI_REQUEST_NULL;
  mpi_check(MPI_Irecv(data, static_cast<int>(bytes), MPI_BYTE, from, tag, comm, &request), "MPI_Irecv");
  finish(request, comes);
}

/// What to add to the clock of `rank` to get this one's, taken in the middle of the fastest round trip.
std::int64_t behind(MPI_Comm comm, int rank) {
  std::int64_t fastest = std::numeric_limits<std::int64_t>::max(), shift = 0;
  for (int round = 0; round < rounds; ++round) {
    std::int64_t const sent = now();
    std::int64_t theirs = 0;
    send(comm, rank, &sent, sizeof sent, Comes::soon);
    receive(comm, rank, &theirs, sizeof theirs, Comes::soon);
    std::int64_t const back = now();
    if (back - sent >= fastest) continue;
    fastest = back - sent;
    shift = sent + fastest / 2 - theirs;
  }
  return shift;
}

void tell_time(MPI_Comm comm) {
  for (int round = 0; round < rounds; ++round) {
    std::int64_t asked = 0;
    receive(comm, 0, &asked, sizeof asked, round == 0 ? Comes::some_time : Comes::soon);
    std::int64_t const mine = now();
    send(comm, 0, &mine, sizeof mine, Comes::soon);
  }
}

void hear(MPI_Comm comm, Place const& place, int rank, Gathering& gathering, std::int64_t first) {
  bool const same_clock = place.near(static_cast<std::uint32_t>(rank)).has_value();
  std::int64_t const shift = first + (same_clock ? 0 : behind(comm, rank));
  send(comm, rank, &shift, sizeof shift);
  std::uint64_t bytes = 0;
  receive(comm, rank, &bytes, sizeof bytes);
  Buffer said(bytes);
  for (std::size_t at = 0; at < bytes; at += part)
    receive(comm, rank, said.data() + at, std::min<std::size_t>(part, bytes - at));
  gathering.hear(std::move(said).freeze());
}

void say(MPI_Comm comm, Place const& place, Gathering* gathering) {
  if (!place.near(0)) tell_time(comm);
  std::int64_t shift = 0;
  receive(comm, 0, &shift, sizeof shift);
  Bytes const said = gathering ? gathering->say(std::chrono::nanoseconds(shift)) : Bytes();
  std::uint64_t const bytes = said.size();
  send(comm, 0, &bytes, sizeof bytes);
  for (std::size_t at = 0; at < bytes; at += part)
    send(comm, 0, said.data() + at, std::min<std::size_t>(part, bytes - at));
}

}  // namespace

void gather(MPI_Comm comm, Place const& place, Gathering* gathering) {
  if (place.rank != 0) return say(comm, place, gathering);
  auto const first = gathering->open();
  gathering->hear(gathering->say(first));
  std::exception_ptr trouble;
  for (int rank = 1; rank < static_cast<int>(place.size); ++rank) {
    try {
      hear(comm, place, rank, *gathering, first.count());
    } catch (...) {
      if (!trouble) trouble = std::current_exception();
    }
  }
  gathering->close();
  if (trouble) std::rethrow_exception(trouble);
}

}  // namespace proxystore::mpi::detail
