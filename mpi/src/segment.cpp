#include <algorithm>
#include <array>
#include <limits>
#include <sched.h>
#include <vector>

#include <proxystore/error.hpp>
#include <proxystore/key.hpp>

#include "check.hpp"
#include "rma_connector.hpp"

namespace proxystore::mpi::detail {
namespace {

constexpr std::size_t default_capacity = std::size_t{1} << 30U;

int rank_in(MPI_Comm comm) {
  int rank = 0;
  mpi_check(MPI_Comm_rank(comm, &rank), "MPI_Comm_rank");
  return rank;
}

int size_of(MPI_Comm comm) {
  int size = 0;
  mpi_check(MPI_Comm_size(comm, &size), "MPI_Comm_size");
  return size;
}

std::string processor_name() {
  std::array<char, MPI_MAX_PROCESSOR_NAME> name{};
  int length = 0;
  mpi_check(MPI_Get_processor_name(name.data(), &length), "MPI_Get_processor_name");
  return {name.data(), static_cast<std::size_t>(length)};
}

std::string shared_session(MPI_Comm comm) {
  std::string text = make_uuid_key().text();
  mpi_check(MPI_Bcast(text.data(), static_cast<int>(text.size()), MPI_CHAR, 0, comm), "MPI_Bcast");
  return text;
}

/// A duplicate that reports errors, of ranks that share memory.
MPI_Comm node_duplicate(MPI_Comm comm) {
  int initialised = 0;
  MPI_Initialized(&initialised);
  if (initialised == 0 || comm == MPI_COMM_NULL)
    throw InvalidArgument("rma needs an initialised MPI and a communicator that this rank belongs to");
  MPI_Comm copy = MPI_COMM_NULL, node = MPI_COMM_NULL;
  mpi_check(MPI_Comm_dup(comm, &copy), "MPI_Comm_dup");
  mpi_check(MPI_Comm_set_errhandler(copy, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
  mpi_check(MPI_Comm_split_type(copy, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node), "MPI_Comm_split_type");
  int const mine = size_of(node);
  int least = mine;
  mpi_check(MPI_Allreduce(&mine, &least, 1, MPI_INT, MPI_MIN, copy), "MPI_Allreduce");
  bool const one_node = least == size_of(copy);
  MPI_Comm_free(&node);
  if (one_node) return copy;
  MPI_Comm_free(&copy);
  throw ConnectorError("rma was opened on a communicator whose ranks are on several nodes (they share no memory) "
                       "use a sub-communicator of one node, from MPI_Comm_split_type");
}

/// Collective: all ranks learn the same size, or throw the same error.
std::size_t capacity_of(MPI_Comm comm, RmaOptions const& options) {
  std::size_t capacity = options.capacity;
  together(comm, [&] {
    if (capacity != 0 && capacity < Arena::least_bytes)
      throw ConfigError("rma capacity " + std::to_string(capacity) + " is too small (at least 1 MiB for a rank)");
  });
  if (capacity == 0) {
    auto const share = free_shared_memory() / 2 / static_cast<std::size_t>(size_of(comm));
    capacity = std::clamp(share, Arena::least_bytes, default_capacity);
  }
  constexpr std::size_t page = std::size_t{64} << 10U;  // whole pages, of the larger kind that some machines have
  constexpr std::size_t most = std::numeric_limits<std::size_t>::max() / page * page;
  return capacity > most ? most : (capacity + page - 1) / page * page;
}

std::vector<std::span<std::byte>> slabs_of(NodeWindow const& window) {
  std::vector<std::span<std::byte>> slabs;
  for (std::size_t rank = 0; rank < window.size(); ++rank) slabs.push_back(window.slab(static_cast<int>(rank)));
  return slabs;
}

}  // namespace

Segment::Segment(MPI_Comm comm, RmaOptions const& options)
    : comm_(node_duplicate(comm)),
      rank(rank_in(comm_)),
      size(size_of(comm_)),
      host(processor_name()),
      session(shared_session(comm_)),
      window(comm_, capacity_of(comm_, options)),
      handoff(slabs_of(window), Patience::of_node(comm_)) {
  try {
    together(comm_, [&] { arena.emplace(window.slab(rank), options.prefault); });
  } catch (Error const&) {
    window.free();
    MPI_Comm_free(&comm_);
    throw;
  }
}

void Segment::close() {
  if (freed_) return;
  if (!closed.exchange(true)) {
    handoff.break_pending(rank);
    handoff.stop_waiting();
    while (active.load() != 0) sched_yield();
  }
  std::int64_t const mine = views.load();
  std::int64_t all = 0;
  MPI_Request request = MPI_REQUEST_NULL;
  mpi_check(MPI_Iallreduce(&mine, &all, 1, MPI_INT64_T, MPI_SUM, comm_, &request), "MPI_Iallreduce");
  wait_patiently(request, "MPI_Iallreduce");
  if (all != 0) return;
  freed_ = true;
  window.free();
  mpi_check(MPI_Comm_free(&comm_), "MPI_Comm_free");
}

}  // namespace proxystore::mpi::detail
