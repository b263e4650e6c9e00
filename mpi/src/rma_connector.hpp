#pragma once

#include <mpi.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include <proxystore/connector.hpp>
#include <proxystore/mpi/rma.hpp>

#include "arena.hpp"
#include "handoff.hpp"
#include "node_window.hpp"

namespace proxystore::mpi::detail {

/// The memory of one opened store on this node. Shared with the views taken from it, which may outlive the
/// connector; the window itself is freed collectively, when no rank holds a view any more.
class Segment {
 public:
  Segment(MPI_Comm comm, RmaOptions const& options);  ///< Collective.
  Segment(Segment const&) = delete;
  Segment& operator=(Segment const&) = delete;
  ~Segment() = default;

  /// Collective. Breaks what this rank was to set, ends its waits, then waits for the other ranks. Frees the window
  /// unless some rank still holds views. Idempotent.
  void close();
  bool freed() const noexcept { return freed_; }

 private:
  MPI_Comm comm_;
  bool freed_ = false;

 public:
  int const rank;
  int const size;
  std::string const host;
  std::string const session;  // the same on all ranks, another for every opening
  NodeWindow window;
  Handoff handoff;
  std::optional<Arena> arena;  // of this rank
  std::atomic<std::int64_t> views{0};   // held by this process: bytes of objects, and buffers not yet published
  std::atomic<std::int64_t> active{0};  // calls in flight
  std::atomic<bool> closed{false};
  std::atomic<bool> unmapped{false};  // MPI has, or will have, taken the memory back: views dropped from now on leave it
};

class RmaConnector final : public DeferrableConnector {
 public:
  RmaConnector(MPI_Comm comm, RmaOptions const& options);  ///< Collective.
  ~RmaConnector() override;

  Buffer allocate(std::size_t bytes) override;
  Key put(Buffer object) override;
  std::optional<Bytes> get(Key const& key) override;
  bool exists(Key const& key) override;
  void evict(Key const& key) override;
  Config config() const override;
  void close() override;
  bool reads_in_place() const noexcept override { return true; }
  std::string whoami() const override;
  std::string report() const override;

  Key new_key(KeyHint hint) override;
  void set(Key const& key, Buffer object) override;
  State wait(Key const& key, Deadline deadline) override;
  Received receive(Key const& key, Deadline deadline) override;

 private:
  class Call;

  std::optional<Handle> find(Key const& key) const noexcept;
  Handle make(int producer);
  std::optional<Bytes> view(Handle at);
  template <class Wait>
  State wait_open(Wait const& wait);
  void publish(Handle at, Key const& key, Buffer object);
  [[noreturn]] void refuse(Handoff::Outcome outcome, Key const& key) const;
  void close_at_finalize();

  std::shared_ptr<Segment> segment_;
  int keyval_ = MPI_KEYVAL_INVALID;
};

}  // namespace proxystore::mpi::detail
