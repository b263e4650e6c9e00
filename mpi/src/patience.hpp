#pragma once

#include <mpi.h>

#include <chrono>
#include <sched.h>

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

}  // namespace proxystore::mpi::detail
