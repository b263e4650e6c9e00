#pragma once

#include <mpi.h>

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <span>
#include <vector>

#include <proxystore/buffer.hpp>

namespace proxystore::mpi::detail {

/// Messages of any size on a private duplicate of a communicator. Point to point and in order for each pair. Not
/// synchronised: one thread at a time. Never blocks but in close().
class Messages {
 public:
  explicit Messages(MPI_Comm comm);  ///< Collective.
  Messages(Messages const&) = delete;
  Messages& operator=(Messages const&) = delete;
  ~Messages() = default;

  int rank() const noexcept { return rank_; }
  int size() const noexcept { return size_; }
  MPI_Comm comm() const noexcept { return comm_; }

  /// Returns at once; poll() drives what is under way.
  void send(int to, Bytes message);

  struct Received {
    int from;
    Bytes message;
  };
  /// A whole message if one is here.
  std::optional<Received> poll();
  /// Nothing of ours is under way.
  bool idle() const noexcept { return sends_.empty(); }

  /// What is under way to this rank, or to any, may never arrive: nobody waits for it.
  void give_up(std::optional<int> rank);

  /// Collective. Takes part to the end even if it throws. Finishes what is under way and frees the communicator.
  /// Where something was given up the communicator stays until MPI_Finalize: a message that nobody received could come
  /// out of another one that MPI gives the same number.
  void close();

 private:
  struct Send {
    int to;
    Bytes message;
    std::uint64_t total;
    std::vector<MPI_Request> requests;
  };
  struct Arriving {
    int from;
    Buffer message;
    std::size_t have;
  };

  void finish_sends();
  std::optional<Received> receive_part();

  MPI_Comm comm_ = MPI_COMM_NULL;
  int rank_ = 0;
  int size_ = 0;
  bool complete_ = true;  // nothing was given up
  std::list<Send> sends_, given_up_;
  std::list<Arriving> arriving_;  // at most one for each sender
};

}  // namespace proxystore::mpi::detail
