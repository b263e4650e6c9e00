/// Rows that the ranks of MPI_COMM_WORLD measure together.
#pragma once

#include <mpi.h>

#include <type_traits>
#include <vector>

#include <proxystore/mpi/mpi.hpp>
#include <proxystore/proxystore.hpp>

#include "rows.hpp"

namespace bench {

inline int rank() {
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  return rank;
}
inline int ranks() {
  int ranks = 0;
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  return ranks;
}

/// Rank 0 reports; told is what the slowest rank took, so a rank that only helps may return 0.
inline Ranks world() {
  return {.reports = rank() == 0,
          .meet = [] { MPI_Barrier(MPI_COMM_WORLD); },
          .agree =
              [](double took) {
                MPI_Allreduce(MPI_IN_PLACE, &took, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
                return took;
              }};
}

template <class T>
using Futures = std::vector<proxystore::Future<T>>;

/// Futures made by rank `maker`, on all ranks. Collective.
template <class T>
Futures<T> shared_futures(proxystore::Store& store, int count, int maker = 0, proxystore::FutureOptions options = {}) {
  Futures<T> made;
  for (int i = 0; rank() == maker && i < count; ++i) made.push_back(store.future<T>(options));
  auto arrived = proxystore::mpi::broadcast(MPI_COMM_WORLD, maker, made);
  return rank() == maker ? made : arrived;
}

/// A large object goes before the next one comes, as that of a twin does, so that memory is used again.
template <class T>
void let_go(proxystore::Future<T>& future) {
  if constexpr (!std::is_arithmetic_v<T>) future = {};
}

template <class T>
void evict(proxystore::Store& store, Futures<T> const& futures, int maker = 0) {
  for (auto const& future : futures)
    if (rank() == maker) store.evict(future.key());
}

}  // namespace bench
