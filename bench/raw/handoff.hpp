/// What two ranks of a node do without the library to hand things there and back. Rank 0 begins.
#pragma once

#include <mpi.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace raw {

/// A word for each rank, alone in its line of a shared window: the least that a hand-off can be. Collective.
class Flags {
 public:
  Flags();
  ~Flags();
  Flags(Flags const&) = delete;
  Flags& operator=(Flags const&) = delete;
  void bounce(int times);

 private:
  MPI_Win window_ = MPI_WIN_NULL;
  void* memory_ = nullptr;
  std::uint64_t turn_ = 0;
  int rank_ = 0;
};

/// 8 bytes, there and back.
void bounce(int times);
/// Vectors, there and back; each is received into one of its own.
void bounce(std::vector<double> const& values, int times);
/// Rank 0's values into those of rank 1, or into a new vector there; and 8 bytes back.
enum class Into { same, anew };
void send_and_answer(std::vector<double>& values, int times, Into into);

}  // namespace raw
