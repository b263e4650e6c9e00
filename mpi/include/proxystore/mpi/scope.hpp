/// @file
/// MPI for the time of a scope.
#pragma once

#include <proxystore/export.hpp>

namespace proxystore::mpi {

/// MPI for the time of a scope: initialises it with MPI_THREAD_MULTIPLE if nobody has, and then finalizes it.
/// Where MPI is initialised already it does nothing. Declare it before stores, so that they are closed first.
class PROXYSTORE_EXPORT Scope {
 public:
  /// Throws ConnectorError if MPI cannot be initialised, or was finalized.
  Scope(int& argc, char**& argv);
  Scope(Scope const&) = delete;
  Scope& operator=(Scope const&) = delete;
  ~Scope();

 private:
  bool owner_ = false;
};

}  // namespace proxystore::mpi
