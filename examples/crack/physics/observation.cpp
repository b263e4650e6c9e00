#include "physics/observation.hpp"

#include "physics/cells.hpp"

#include <cmath>
#include <stdexcept>
#include <string>

namespace crack {

namespace {

// excluded[a * types + b]
std::vector<bool> exclusion_table(Model const& model) {
  std::size_t const types = model.mass.size();
  std::vector<bool> excluded(types * types, false);
  for (auto const& [a, b] : model.excluded) {
    auto const i = static_cast<std::size_t>(a), j = static_cast<std::size_t>(b);
    if (i < types && j < types) excluded[i * types + j] = excluded[j * types + i] = true;
  }
  return excluded;
}

std::size_t type_of(Atom const& atom) { return static_cast<std::size_t>(atom.type); }

void check(Atom const& atom, Model const& model) {
  if (!std::isfinite(atom.x) || !std::isfinite(atom.y) || !std::isfinite(atom.vx) || !std::isfinite(atom.vy))
    throw std::runtime_error("a frame has an atom at no finite place or speed (the simulation is unstable)");
  if (atom.type < 1 || type_of(atom) >= model.mass.size())
    throw std::runtime_error("a frame has an atom of type " + std::to_string(atom.type) +
                             " (the deck gives it no mass)");
}

// LAMMPS's `compute temp`: degrees of freedom are 2 N minus the 2 of the centre of mass.
double temperature(std::vector<Atom> const& atoms, Model const& model) {
  double twice_kinetic = 0.0;
  double count = 0.0;
  for (Atom const& atom : atoms)
    if (atom.thermal) {
      twice_kinetic += model.mass[type_of(atom)] * (atom.vx * atom.vx + atom.vy * atom.vy);
      ++count;
    }
  double const freedom = 2.0 * count - 2.0;
  return freedom > 0.0 ? twice_kinetic / freedom : 0.0;
}

std::vector<double> atom_energies(std::vector<Atom> const& atoms, Model const& model) {
  std::vector<bool> const excluded = exclusion_table(model);
  std::size_t const types = model.mass.size();
  std::vector<double> energy(atoms.size(), 0.0);
  Cells(atoms, model.cutoff).for_each_pair([&](std::size_t i, std::size_t j, double squared) {
    if (excluded[type_of(atoms[i]) * types + type_of(atoms[j])]) return;
    double const s2 = model.sigma * model.sigma / squared;
    double const s6 = s2 * s2 * s2;
    double const half = 2.0 * model.epsilon * s6 * (s6 - 1.0);
    energy[i] += half;
    energy[j] += half;
  });
  return energy;
}

}  // namespace

Observation observe(std::vector<Atom> const& atoms, Model const& model) {
  for (Atom const& atom : atoms) check(atom, model);
  Observation seen;
  seen.temperature = temperature(atoms, model);
  seen.energy = atom_energies(atoms, model);
  for (double const energy : seen.energy) seen.potential_energy += energy;
  if (!atoms.empty()) seen.potential_energy /= static_cast<double>(atoms.size());
  return seen;
}

}  // namespace crack
