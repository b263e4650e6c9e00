#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace crack {

struct Thermo {
  std::int64_t step = 0;
  double temperature = 0.0;
  double potential_energy = 0.0;  // per atom
};

struct Agreement {
  double temperature = 0.0;  // largest deviation, relative to LAMMPS's value
  double potential_energy = 0.0;
  std::size_t steps = 0;
};

// LAMMPS prints 8 digits by default, so its own rounding alone is up to 5e-8.
constexpr double thermo_tolerance = 1e-7;

// The thermo output in a LAMMPS log, by step. Throws std::runtime_error where the log lacks the columns.
std::map<std::int64_t, Thermo> read_thermo(std::string const& log);

// Throws std::runtime_error where a step is missing in LAMMPS's output or deviates by more than the tolerance.
Agreement compare(std::vector<Thermo> const& ours, std::map<std::int64_t, Thermo> const& lammps);

void write_csv(std::string const& path, std::vector<Thermo> const& ours, std::map<std::int64_t, Thermo> const& lammps);

}  // namespace crack
