#pragma once

#include <mpi.h>

#include <functional>
#include <mutex>
#include <optional>

#include "handoff.hpp"

namespace proxystore::mpi::detail {

/// Has messages to move. move() is called by any thread that may call MPI, and lets one at a time in.
class Movable {
 public:
  virtual Motion move() noexcept = 0;
  /// Ends its thread, if it has one, and returns when that is out of MPI.
  virtual void end_thread() noexcept = 0;

 protected:
  ~Movable() = default;
};

/// All movables of this process: whoever waits for one moves all of them. Before the first move() and after the last.
void join_progress(Movable& movable);
void leave_progress(Movable& movable);

/// Moves what there is, if this thread may call MPI: at MPI_THREAD_MULTIPLE any, at SERIALIZED any but one at a time,
/// else the one that initialised MPI.
Motion move_all() noexcept;

/// As together(). A rank that is done with its work moves the messages of all stores until the others are too: what is made
/// together blocks in MPI, and a rank that is still to come may wait for an answer from one that is here.
void come_together(MPI_Comm comm, std::function<void()> const& work = [] {});

/// Ends the threads of all movables. MPI_Finalize may not meet a thread in MPI: the first store that it closes calls this
/// for those that it has not come to yet.
void end_threads() noexcept;

/// The calling thread may call MPI now, as long as it holds this: the level allows it, and no other thread does where
/// only one may. nullopt: it may not.
std::optional<std::unique_lock<std::recursive_mutex>> try_enter_mpi();

/// Keeps the other threads of this library out of MPI at MPI_THREAD_SERIALIZED; elsewhere it holds nothing.
std::unique_lock<std::recursive_mutex> enter_mpi();

/// Throws ConnectorError the first time, where a store or an executor opens, or never.
int thread_level();

}  // namespace proxystore::mpi::detail
