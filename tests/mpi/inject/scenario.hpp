#pragma once

#include <mpi.h>

#include <chrono>
#include <string>
#include <vector>

/// What two ranks do with a store and an executor, near or far from each other. Every step goes on whatever became of
/// the steps before, and ends within its time limit.
struct Outcome {
  std::vector<std::string> errors;      // step: text
  std::vector<std::string> complaints;  // what must not be, whatever fails
  bool timed_out = false;
};

/// Collective over both ranks; `apart` is theirs alone and never fails. `patience`: of each wait.
Outcome play(MPI_Comm apart, std::string const& name, std::string const& options, std::chrono::milliseconds patience);

/// Shorter: a store that opens, hands over, and closes.
Outcome play_shortly(MPI_Comm apart, std::string const& name);
