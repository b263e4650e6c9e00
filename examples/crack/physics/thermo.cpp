#include "physics/thermo.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <stdexcept>

namespace crack {

namespace {

// Where the columns are, under a header line that begins with `Step`.
struct Columns {
  std::size_t count = 0, step = 0, temperature = 0, energy = 0;
};

std::vector<std::string> words_of(std::string const& line) {
  std::istringstream in(line);
  return {std::istream_iterator<std::string>(in), {}};
}

std::optional<std::size_t> find_word(std::vector<std::string> const& words, std::string const& word) {
  auto const found = std::find(words.begin(), words.end(), word);
  if (found == words.end()) return std::nullopt;
  return static_cast<std::size_t>(found - words.begin());
}

std::optional<Columns> read_header(std::vector<std::string> const& words) {
  auto const step = find_word(words, "Step"), temperature = find_word(words, "Temp");
  auto const pair = find_word(words, "E_pair"), potential = find_word(words, "PotEng");
  if (!step || !temperature || !(pair || potential)) return std::nullopt;
  return Columns{words.size(), *step, *temperature, pair ? *pair : *potential};
}

std::optional<Thermo> read_line(std::vector<std::string> const& words, Columns const& columns) {
  if (words.size() != columns.count) return std::nullopt;
  try {
    return Thermo{std::stoll(words[columns.step]), std::stod(words[columns.temperature]),
                  std::stod(words[columns.energy])};
  } catch (std::exception const&) {
    return std::nullopt;
  }
}

double deviation(double ours, double lammps) { return std::abs(ours - lammps) / std::max(std::abs(lammps), 1e-300); }

Thermo const& at(std::map<std::int64_t, Thermo> const& lammps, std::int64_t step) {
  auto const found = lammps.find(step);
  if (found == lammps.end())
    throw std::runtime_error("LAMMPS's thermo output has no line for step " + std::to_string(step));
  return found->second;
}

}  // namespace

std::map<std::int64_t, Thermo> read_thermo(std::string const& log) {
  std::map<std::int64_t, Thermo> lines;
  std::optional<Columns> columns;
  std::ifstream file(log);
  for (std::string line; std::getline(file, line);) {
    auto const words = words_of(line);
    if (auto const header = read_header(words)) columns = header;
    else if (!columns) continue;
    else if (auto const thermo = read_line(words, *columns)) lines[thermo->step] = *thermo;
    else columns.reset();
  }
  if (lines.empty())
    throw std::runtime_error("no thermo output in '" + log + "' (it needs the columns Step, Temp, E_pair or PotEng)");
  return lines;
}

Agreement compare(std::vector<Thermo> const& ours, std::map<std::int64_t, Thermo> const& lammps) {
  Agreement worst;
  for (Thermo const& own : ours) {
    Thermo const& other = at(lammps, own.step);
    double const temperature = deviation(own.temperature, other.temperature);
    double const energy = deviation(own.potential_energy, other.potential_energy);
    if (!(temperature <= thermo_tolerance && energy <= thermo_tolerance)) {
      std::ostringstream text;
      text << "thermo does NOT agree at step " << own.step << ": the analysis has T = " << own.temperature
           << ", E = " << own.potential_energy << ", LAMMPS T = " << other.temperature
           << ", E = " << other.potential_energy;
      throw std::runtime_error(text.str());
    }
    worst.temperature = std::max(worst.temperature, temperature);
    worst.potential_energy = std::max(worst.potential_energy, energy);
    ++worst.steps;
  }
  return worst;
}

void write_csv(std::string const& path, std::vector<Thermo> const& ours, std::map<std::int64_t, Thermo> const& lammps) {
  std::ofstream file(path);
  file << "step,temperature,potential_energy,lammps_temperature,lammps_potential_energy,"
          "temperature_deviation,potential_energy_deviation\n";
  for (Thermo const& own : ours) {
    Thermo const& other = at(lammps, own.step);
    file.precision(12);
    file << own.step << ',' << own.temperature << ',' << own.potential_energy << ',' << other.temperature << ','
         << other.potential_energy << ',';
    file.precision(3);
    file << deviation(own.temperature, other.temperature) << ','
         << deviation(own.potential_energy, other.potential_energy) << '\n';
  }
  file.close();
  if (!file) throw std::runtime_error("'" + path + "' cannot be written");
}

}  // namespace crack
