#pragma once

#include <functional>
#include <stdexcept>
#include <string>

#include <mpi.h>

namespace crack {

// Another rank has failed, and tells why itself.
class OtherRankFailed : public std::runtime_error {
 public:
  OtherRankFailed() : std::runtime_error("another rank failed") {}
};

// Collective. Runs `step` on every rank and agrees about the outcome: true if none threw. Otherwise rank 0 prints one
// line on stderr: the text of the first rank whose failure is its own, and not the echo of another rank's.
// REQUIRES: `step` leaves no rank behind in a collective call when it throws.
[[nodiscard]] bool together(MPI_Comm comm, std::function<void()> const& step);

// Collective. The text of rank `root`, on every rank.
std::string broadcast_text(MPI_Comm comm, int root, std::string text);

// Collective. Throws what `step` threw here, and OtherRankFailed where it threw elsewhere only.
void all_or_none(MPI_Comm comm, std::function<void()> const& step);

}  // namespace crack
