#pragma once

#include <mpi.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include <proxystore/connector.hpp>
#include <proxystore/mpi/rma.hpp>

#include "arena.hpp"
#include "directory.hpp"
#include "far_window.hpp"
#include "handoff.hpp"
#include "network.hpp"
#include "node_window.hpp"
#include "rings.hpp"

namespace proxystore::mpi::detail {

/// Owns a communicator. The destructor frees it as well, collectively: for errors that all ranks throw.
class Communicator {
 public:
  explicit Communicator(MPI_Comm comm) noexcept : comm_(comm) {}
  Communicator(Communicator const&) = delete;
  Communicator& operator=(Communicator const&) = delete;
  ~Communicator();
  void free();
  operator MPI_Comm() const noexcept { return comm_; }

 private:
  MPI_Comm comm_;
};

/// One opened store: its memory on this node, and what connects it to the others. Shared with the views taken from it,
/// which may outlive the connector; the window itself is freed collectively, when no rank holds a view any more.
class Segment {
 public:
  Segment(MPI_Comm comm, RmaOptions const& options);  ///< Collective.
  Segment(Segment const&) = delete;
  Segment& operator=(Segment const&) = delete;
  ~Segment() = default;

  /// Collective. Breaks what this rank was to set, ends its waits, then waits for the other ranks. Frees the window
  /// unless some rank still holds views, or could not be heard; then it stays until MPI_Finalize. Takes part to the
  /// end even if it throws. Idempotent.
  void close();
  bool freed() const noexcept { return freed_; }

 private:
  void reach_out(RmaOptions const& options);
  std::string try_window(RmaOptions const& options, bool thread);
  void leave();
  void free_if_unused();
  void free();

  Communicator comm_;
  Communicator node_;
  bool freed_ = false;

 public:
  Place const place;
  std::string const host;
  std::string const session;  // the same on all ranks, another for every opening
  NodeWindow window;
  FarWindow far_window;
  Handoff handoff;
  Rings rings;
  std::optional<Arena> arena;  // of this rank
  std::optional<Directory> directory;
  std::optional<Network> network;       // of several nodes
  std::atomic<std::int64_t> views{0};   // held by this process: bytes of objects, and buffers not yet published
  std::atomic<std::int64_t> active{0};  // calls in flight
  std::shared_ptr<Gathering> gathering;  // to be done when all close; null: nothing
  std::atomic<bool> closed{false};
  std::atomic<bool> unmapped{
      false};  // MPI has, or will have, taken the memory back: views dropped from now on leave it
};

class RmaConnector final : public DeferrableConnector {
 public:
  RmaConnector(MPI_Comm comm, RmaOptions const& options);  ///< Collective.
  ~RmaConnector() override;

  Buffer allocate(std::size_t bytes) override;
  Key put(Buffer object) override;
  std::optional<Bytes> get(Key const& key) override;
  /// Those that lie whole on this node while the others are under way, some at a time.
  void get_parts(std::span<ObjectPart const> parts, PartVisitor const& visit) override;
  bool exists(Key const& key) override;
  void evict(Key const& key) override;
  Config config() const override;
  void close() override;
  bool gather_at_close(std::shared_ptr<Gathering> gathering) override;
  bool reads_in_place() const noexcept override { return true; }
  std::string whoami() const override;
  std::string report() const override;

  Key new_key(KeyHint const& hint) override;
  void set(Key const& key, Buffer object) override;
  State wait(Key const& key, Deadline deadline) override;
  Received receive(Key const& key, Deadline deadline) override;
  std::unique_ptr<LongWait> wait_long(Key const& key) override;

  void progress() override;

  // For connectors that keep their keys here.
  /// The home of the key is on this node: to look at it costs nothing.
  bool is_near(Key const& key) const noexcept;
  std::uint32_t rank() const noexcept { return segment_->place.rank; }
  std::string const& session() const noexcept { return segment_->session; }

 private:
  class Call;

  std::optional<Handle> here(Name const& name);
  std::optional<std::uint32_t> producer_of(Name const& name);
  bool is_far(Name const& name) const noexcept;
  Handle make(int producer);
  Name name_of(Handle at) const noexcept;
  std::byte* make_room(std::size_t bytes);
  Handle put_here(Buffer&& object);
  void own(Buffer& object);
  Handoff::Outcome publish(Handle at, Buffer&& object);
  Handoff::Outcome set_far(Name const& name, Buffer object);
  [[noreturn]] void refuse(Handoff::Outcome outcome, Key const& key) const;
  std::optional<Bytes> view(Handle at);
  void wait_for_part(Network::Portion const& portion, Key const& key);
  std::optional<Bytes> object(Handle at, Deadline deadline);
  template <class Look>
  State visit_far(Name const& name, Deadline deadline, std::optional<Bytes>* bytes, Look const& look);
  State wait_for(Key const& key, Deadline deadline, std::optional<Bytes>* bytes);
  template <class Wait>
  State wait_open(Wait const& wait);
  void close_at_finalize();

  std::shared_ptr<Segment> segment_;
  std::chrono::nanoseconds reply_timeout_;
  int keyval_ = MPI_KEYVAL_INVALID;
};

/// The options of an rma store in a text, those that `config` has.
RmaOptions rma_options_of(Config const& config);

}  // namespace proxystore::mpi::detail
