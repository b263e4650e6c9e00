#pragma once

#include <mpi.h>

#include <sched.h>
#include <chrono>

#include <proxystore/deadline.hpp>

#include "futex.hpp"

namespace proxystore::mpi::detail {

/// How long a waiter keeps a core before it sleeps. With a core for every rank of the node a short spin pays for
/// itself; with more ranks than cores any spin takes the time slice of the rank that is waited for.
struct Patience {
  std::chrono::nanoseconds spin{0};
  std::chrono::nanoseconds yield{0};

  /// Collective over the ranks of a node: compares them with the cores that they may use together.
  static Patience of_node(MPI_Comm node);
};

/// True when `settled` is, or after the patience is used up: then it has to sleep.
template <class Settled>
bool settled_soon(Patience const& patience, Deadline deadline, Settled const& settled) {
  using Clock = Deadline::Clock;
  constexpr int looks = 64;  // between two looks at the clock
  for (int i = 0; i < looks; ++i)
    if (settled()) return true;
  auto const start = Clock::now();
  auto const spin_end = std::min(start + patience.spin, deadline.time());
  auto const yield_end = std::min(start + patience.spin + patience.yield, deadline.time());
  for (auto now = start; now < spin_end; now = Clock::now())
    for (int i = 0; i < looks; ++i) {
      if (settled()) return true;
      if (i % 8 == 7) relax();  // a pause is some 40 ns on current cores: not after every look
    }
  for (auto now = Clock::now(); now < yield_end; now = Clock::now()) {
    if (settled()) return true;
    sched_yield();
  }
  return settled();
}

/// The rests of a waiter that has to look for messages as well, which MPI cannot wake it for. First it only lets others
/// run; then it rests for a `part`-th of the time that it has waited so far, at most a millisecond: neither does the
/// waiter keep a core, nor does it add much to its wait.
class Rest {
 public:
  explicit Rest(Patience const& patience, int part = 100) noexcept : patience_(patience), part_(part) { again(); }

  void again() noexcept { start_ = Deadline::Clock::now(); }
  /// Spins or lets others run. False: it is time for a longer rest; never while bytes are under way.
  bool briefly(bool under_way) const noexcept {
    auto const waited = Deadline::Clock::now() - start_;
    if (!under_way && waited > patience_.spin + patience_.yield) return false;
    if (waited > patience_.spin) sched_yield();
    return true;
  }
  /// On a word of shared memory, if there is one, while it is `seen`; `sleepers` counts those who rest on it.
  void on(std::atomic<std::uint64_t>* word, std::atomic<std::uint32_t>* sleepers, std::uint64_t seen,
          Deadline deadline) const noexcept;

 private:
  Patience patience_;
  int part_;
  Deadline::Clock::time_point start_;
};

}  // namespace proxystore::mpi::detail
