/// Handles of one rank on all.
#pragma once

#include <mpi.h>

#include <algorithm>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <proxystore/mpi/broadcast.hpp>

#include "call.hpp"

namespace proxystore::c {

/// Calling MPI before or after its time, or without a communicator, would end the program. Throws InvalidArgument.
void need_mpi(MPI_Comm comm);
/// This process's.
int rank_in(MPI_Comm comm);

/// Handles of `root`, whose values are reached by `value_of`. On the other ranks all are made or none.
template <class Handle, class ValueOf>
void broadcast_handles(Handle** handles, int count, int root, MPI_Comm comm, ValueOf const& value_of) {
  using Value = std::remove_cvref_t<decltype(value_of(std::declval<Handle&>()))>;
  need_mpi(comm);
  int const rank = rank_in(comm);
  Bytes const bytes = mpi::broadcast_bytes(comm, root, [&] {
    std::vector<Value> values;
    for (int i = 0; i < count; ++i) values.push_back(value_of(open((&need(handles, "an array of handles"))[i])));
    return serialize(values);
  });
  if (rank == root) return;
  auto values = deserialize<std::vector<Value>>(bytes);
  if (values.size() != static_cast<std::size_t>(std::max(count, 0)))
    throw InvalidArgument("rank " + std::to_string(root) + " sent " + std::to_string(values.size()) + " handles, " +
                          std::to_string(count) + " were expected");
  std::vector<std::unique_ptr<Handle>> made;
  for (auto& value : values) made.emplace_back(new Handle{{Handle::word}, std::move(value)});
  for (std::size_t i = 0; i < made.size(); ++i) (&need(handles, "an array of handles"))[i] = made[i].release();
}

}  // namespace proxystore::c
