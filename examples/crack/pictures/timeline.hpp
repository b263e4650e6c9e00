#pragma once

#include "pictures/scene.hpp"
#include "run/recorder.hpp"

#include <vector>

namespace crack {

// How much of the analysis (its work, not its waiting) was done before the last simulation rank ended.
struct Overlap {
  double analysis_seconds = 0.0;
  double while_simulating = 0.0;
  double simulation_seconds = 0.0;  // from the first to the last event of the simulation
};

Overlap overlap(std::vector<Event> const& events);

// One row a rank; a line leads from each publish to the wait that it ended.
Scene draw_timeline(std::vector<Event> const& events, int ranks, int simulation_ranks);

}  // namespace crack
