#pragma once

#include <mpi.h>

#include <string>

#include <proxystore/mpi/parallel_file.hpp>

namespace proxystore::mpi::detail {

struct Shared;

/// Collective: all ranks throw if the options of one cannot be. The directory is absolute then.
ParallelFileOptions checked(MPI_Comm comm, ParallelFileOptions options);

/// Collective. Makes the directory, and in it the file that tells of this job; sees that all ranks find it, and decides
/// how they read and write there.
Shared open_directory(MPI_Comm comm, ParallelFileOptions const& options, std::string const& session,
                      std::string const& rank_0);

}  // namespace proxystore::mpi::detail
