#pragma once

#include "physics/deck.hpp"
#include "physics/frame.hpp"

#include <vector>

namespace crack {

struct Observation {
  double temperature = 0.0;
  double potential_energy = 0.0;  // per atom, as LAMMPS prints it in lj units
  std::vector<double> energy;     // of each atom: half of the energy of its pairs
};

// Temperature and potential energy of a frame, from its atoms and nothing else.
Observation observe(std::vector<Atom> const& atoms, Model const& model);

}  // namespace crack
