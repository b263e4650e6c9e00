#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace crack {

class LammpsError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

// LAMMPS failed on this rank alone; the other simulation ranks may be inside LAMMPS, waiting for this one for
// ever.
class LammpsAbort : public LammpsError {
  using LammpsError::LammpsError;
};

// LAMMPS as Debian builds it has no exceptions: on an error it calls MPI_Finalize and exit, or MPI_Abort. While
// a guard lives, these two calls throw LammpsError and LammpsAbort instead (through MPI's profiling interface),
// as LAMMPS itself does where it is built with exceptions. The LAMMPS object is dead after that: do not touch
// or close it.
class LammpsExitGuard {
 public:
  LammpsExitGuard();
  ~LammpsExitGuard();
  LammpsExitGuard(LammpsExitGuard const&) = delete;
  LammpsExitGuard& operator=(LammpsExitGuard const&) = delete;
};

}  // namespace crack
