/// The compiled core behind CollectiveFuture and RegionProxy.
#pragma once

#include <mpi.h>

#include <cstddef>
#include <exception>
#include <optional>
#include <span>
#include <string>

#include <proxystore/deadline.hpp>
#include <proxystore/export.hpp>
#include <proxystore/future.hpp>
#include <proxystore/mpi/detail/layout.hpp>

namespace proxystore::mpi::detail {

/// Absolute, and checked.
PROXYSTORE_EXPORT FileOptions file_options(std::string directory, std::string name);

/// Collective.
PROXYSTORE_EXPORT void put(MPI_Comm comm, Future<Layout> const& future, FileOptions const& options, Block const& block);

/// Waits for the array; then `box` lies in it and its elements are of `dtype`. Valid as long as the future.
PROXYSTORE_EXPORT Layout const& layout_of(Future<Layout> const& future, npy::Dtype dtype, Box const& box,
                                          Deadline deadline);
/// The box in one piece, if it lies so in one block: in place where this process can, else as it came.
PROXYSTORE_EXPORT std::optional<Bytes> view_of(Future<Layout> const& future, Layout const& layout, Box const& box,
                                               std::size_t alignment);
/// REQUIRES: `out` has the size of the box
PROXYSTORE_EXPORT void read(Future<Layout> const& future, Layout const& layout, Box const& box,
                            std::span<std::byte> out);
PROXYSTORE_EXPORT void evict(Future<Layout> const& future);

}  // namespace proxystore::mpi::detail
