/// @file
/// Everything for programs under mpirun.
#pragma once

#include <proxystore/mpi/broadcast.hpp>
#include <proxystore/mpi/collective.hpp>
#include <proxystore/mpi/executor.hpp>
#include <proxystore/mpi/executor_options.hpp>
#include <proxystore/mpi/parallel_file.hpp>
#include <proxystore/mpi/rma.hpp>
#include <proxystore/mpi/scope.hpp>

/// What ranks of an MPI program share.
namespace proxystore::mpi {}
