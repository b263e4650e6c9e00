#include <sched.h>
#include <algorithm>
#include <array>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <proxystore/error.hpp>
#include <proxystore/key.hpp>

#include "check.hpp"
#include "gather.hpp"
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

std::string name_of_host(MPI_Comm comm) {
  std::string name;
  together(comm, [&] { name = processor_name(); });
  return name;
}

std::string shared_session(MPI_Comm comm) {
  std::string text = make_uuid_key().text();
  together(comm,
           [&] { mpi_check(MPI_Bcast(text.data(), static_cast<int>(text.size()), MPI_CHAR, 0, comm), "MPI_Bcast"); });
  return text;
}

/// A handle that may not have come to be.
void drop(MPI_Comm& comm) noexcept {
  if (comm != MPI_COMM_NULL) MPI_Comm_free(&comm);
}

/// A communicator that `make` makes collectively over `comm`, and that reports errors.
template <class Make>
MPI_Comm made_together(MPI_Comm comm, Make const& make) {
  MPI_Comm made = MPI_COMM_NULL;
  try {
    together(comm, [&] {
      make(made);
      mpi_check(MPI_Comm_set_errhandler(made, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
    });
  } catch (Error const&) {
    drop(made);
    throw;
  }
  return made;
}

MPI_Comm duplicate(MPI_Comm comm) {
  int initialised = 0;
  int const code = MPI_Initialized(&initialised);
  if ((code == MPI_SUCCESS && initialised == 0) || comm == MPI_COMM_NULL)
    throw InvalidArgument("rma needs an initialised MPI and a communicator that this rank belongs to");
  come_together(comm);
  return made_together(comm, [comm](MPI_Comm& copy) { mpi_check(MPI_Comm_dup(comm, &copy), "MPI_Comm_dup"); });
}

/// The ranks that share memory, in the order of their ranks.
MPI_Comm node_of(MPI_Comm comm) {
  int rank = 0;
  together(comm, [&] { rank = rank_in(comm); });
  return made_together(comm, [comm, rank](MPI_Comm& node) {
    mpi_check(MPI_Comm_split_type(comm, MPI_COMM_TYPE_SHARED, rank, MPI_INFO_NULL, &node), "MPI_Comm_split_type");
  });
}

Place place_in(MPI_Comm comm, MPI_Comm node) {
  Place place;
  together(comm, [&] {
    place.rank = static_cast<std::uint32_t>(rank_in(comm));
    place.size = static_cast<std::uint32_t>(size_of(comm));
    place.mine = static_cast<std::uint32_t>(rank_in(node));
    place.neighbours.resize(static_cast<std::size_t>(size_of(node)));
  });
  std::uint32_t const first = place.mine == 0 ? 1 : 0;
  auto const gather = [&] {
    mpi_check(MPI_Allgather(&place.rank, 1, MPI_UINT32_T, place.neighbours.data(), 1, MPI_UINT32_T, node),
              "MPI_Allgather");
  };
  auto const add = [&] {
    mpi_check(MPI_Allreduce(&first, &place.nodes, 1, MPI_UINT32_T, MPI_SUM, comm), "MPI_Allreduce");
  };
  together(comm, [&] { take_all({gather, add}); });
  return place;
}

/// Collective: all ranks throw if one does.
std::size_t capacity_of(MPI_Comm comm, MPI_Comm node, RmaOptions const& options) {
  std::size_t capacity = options.capacity;
  int neighbours = 1;
  together(comm, [&] {
    neighbours = size_of(node);
    if (capacity != 0 && capacity < Arena::least_bytes)
      throw ConfigError("rma capacity " + std::to_string(capacity) + " is too small (at least 1 MiB for a rank)");
  });
  if (capacity == 0) {
    auto const share = free_shared_memory() / 2 / static_cast<std::size_t>(neighbours);
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

/// Collective over `comm`: the ranks of a node that has no room must not leave those of the others behind.
NodeWindow open_window(MPI_Comm comm, MPI_Comm node, std::size_t bytes) {
  together(comm, [] { static_cast<void>(thread_level()); });  // throws here, or never
  NodeWindow window;
  try {
    together(comm, [&] { window = NodeWindow(node, bytes); });
  } catch (Error const&) {
    window.free(node);
    throw;
  }
  return window;
}

Patience patience_of(MPI_Comm comm, MPI_Comm node, NodeWindow& window) {
  Patience patience{};
  try {
    together(comm, [&] { patience = Patience::of_node(node); });
  } catch (Error const&) {
    window.free(node);
    throw;
  }
  return patience;
}

}  // namespace

void Communicator::free() {
  if (comm_ != MPI_COMM_NULL) mpi_check(MPI_Comm_free(&comm_), "MPI_Comm_free");
}

Communicator::~Communicator() {
  int finalized = 0;
  MPI_Finalized(&finalized);
  if (comm_ != MPI_COMM_NULL && finalized == 0) MPI_Comm_free(&comm_);
}

Segment::Segment(MPI_Comm comm, RmaOptions const& options)
    : comm_(duplicate(comm)),
      node_(node_of(comm_)),
      place(place_in(comm_, node_)),
      host(name_of_host(comm_)),
      session(shared_session(comm_)),
      window(open_window(comm_, node_, capacity_of(comm_, node_, options))),
      handoff(slabs_of(window), place.mine, patience_of(comm_, node_, window)),
      rings(slabs_of(window), place) {
  try {
    together(comm_, [&] { arena.emplace(window.slab(static_cast<int>(place.mine)), options.prefault); });
    if (place.nodes > 1) reach_out(options);
  } catch (Error const&) {
    network.reset();
    far_window.free(comm_);
    window.free(node_);
    throw;
  }
}

void Segment::reach_out(RmaOptions const& options) {
  together(comm_, [&] {
    if (options.progress == RmaOptions::Progress::thread && thread_level() < MPI_THREAD_MULTIPLE)
      throw ConfigError(
          "rma:?progress=thread needs MPI_THREAD_MULTIPLE, this MPI was initialised with less "
          "(MPI_Init_thread, or mpi::Scope)");
    header_of(window.slab(static_cast<int>(place.mine))).place = SlabHeader::Place{place.node() + 1, place.mine}.word();
    directory.emplace(slabs_of(window), *arena, handoff, place.mine);
  });
  auto const capacity = window.slab(static_cast<int>(place.mine)).size();
  bool const thread = options.progress == RmaOptions::Progress::thread ||
                      (options.progress == RmaOptions::Progress::automatic && thread_level() == MPI_THREAD_MULTIPLE);
  NetworkOptions const chosen{options.reply_timeout, options.cache != 0 ? options.cache : capacity / 2, thread,
                              try_window(options, thread)};
  auto* const read = far_window ? &far_window : nullptr;
  // All tables are there: the last step of together() has seen to it.
  together(comm_, [&] { network.emplace(comm_, place, handoff, *arena, *directory, rings, read, chosen); });
}

/// Decides whether late consumers read by themselves, and says why.
std::string Segment::try_window(RmaOptions const& options, bool thread) {
  using Transfer = RmaOptions::Transfer;
  std::array<int, 2> const mine{static_cast<int>(options.transfer), thread ? 0 : 1};
  std::array<int, 2> most{};
  together(comm_, [&] {
    mpi_check(MPI_Allreduce(mine.data(), most.data(), 2, MPI_INT, MPI_MAX, comm_), "MPI_Allreduce");
  });
  bool const all_threads = most[1] == 0;
  together(comm_, [&] {
    if (mine[0] != most[0]) throw ConfigError("rma:?transfer=… differs between ranks (the window is made by all) give all the same");
  });
  if (options.transfer == Transfer::messages) return "so chosen";
  if (options.transfer == Transfer::automatic && all_threads) return "no window was tried, since a thread answers at each rank";
  auto const found = far_window.open(comm_, place, window.slab(static_cast<int>(place.mine)), *arena);
  auto const text = !found.made      ? "there is no window over the nodes (" + found.why + ")"
                    : !found.right   ? std::string("a read from the window over the nodes was wrong")
                    : !found.passive ? std::string("a read from the window over the nodes waits for the rank that has the bytes")
                                     : std::string("a read from the window over the nodes needs no help of the rank that has the bytes");
  bool const usable = found.made && found.right;
  if (options.transfer == Transfer::rma && !usable)
    together(comm_, [&] { throw ConfigError("rma:?transfer=rma cannot be: " + text); });
  if (usable && (found.passive || options.transfer == Transfer::rma)) return text;
  far_window.free(comm_);
  return text;
}

void Segment::close() {
  if (freed_) return;
  take_all({[this] { leave(); }, [this] { free_if_unused(); }});
}

void Segment::leave() {
  if (closed.exchange(true)) return;
  header_of(window.slab(static_cast<int>(place.mine))).closed = 1;
  if (directory) directory->settle();
  handoff.break_pending(static_cast<int>(place.mine));
  handoff.stop_waiting();
  while (active.load() != 0) sched_yield();
  if (network) network->close();
}

/// All ranks free the memory, or none does. A second round tells of those that did not hear the first, as in
/// together().
void Segment::free_if_unused() {
  auto const mpi = enter_mpi();
  auto const add_up = [this](std::span<std::int64_t const> mine, std::int64_t* all) {
    MPI_Request request = MPI_REQUEST_NULL;
    auto const count = static_cast<int>(mine.size());
    mpi_check(MPI_Iallreduce(mine.data(), all, count, MPI_INT64_T, MPI_SUM, comm_, &request), "MPI_Iallreduce");
    wait_patiently(request, [] { static_cast<void>(move_all()); });
  };
  auto const to_gather = std::exchange(gathering, nullptr);  // once, though this may be called again
  std::array<std::int64_t, 2> const mine{views.load() + (network && network->has_failed() ? 1 : 0),
                                         to_gather && place.rank == 0 ? 1 : 0};
  std::array<std::int64_t, 2> all{};
  std::int64_t unheard = 1, all_unheard = 0;
  take_all({[&] {
              add_up(mine, all.data());
              unheard = 0;
            },
            [&] { add_up({&unheard, 1}, &all_unheard); },
            [&] {
              if (all[1] != 0 && unheard + all_unheard == 0) gather(comm_, place, to_gather.get());
            },
            [&] {
              if (all[0] + unheard + all_unheard == 0) free();
            }});
}

void Segment::free() {
  freed_ = true;
  take_all({[this] { far_window.free(comm_); }, [this] { window.free(node_); }, [this] { node_.free(); }, [this] { comm_.free(); }});
}

}  // namespace proxystore::mpi::detail
