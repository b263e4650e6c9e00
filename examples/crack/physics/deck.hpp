#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace crack {

// What the analysis has to know of the physics: one 2d lj/cut potential for all pairs, unshifted, in LAMMPS's
// lj units.
struct Model {
  double epsilon = 0.0;
  double sigma = 0.0;
  double cutoff = 0.0;
  std::vector<double> mass;                   // by atom type; [0] is unused, as types count from 1
  std::vector<std::pair<int, int>> excluded;  // pairs of types that do not see each other
  std::string thermal_group = "all";          // the atoms of the thermo output's temperature
};

// One piece of a `run` command, at whose end a frame is taken.
struct Piece {
  std::int64_t steps = 0;
  std::int64_t start = 0;  // of the whole `run` command, for fixes that ramp over it
  std::int64_t stop = 0;
};

// A LAMMPS input deck, read but not changed.
class Deck {
 public:
  struct Command {
    std::string text;
    std::vector<std::string> words;
  };

  Deck() = default;
  // Throws std::runtime_error where the deck does something that this example does not understand.
  explicit Deck(std::string const& text);

  std::vector<Command> const& commands() const { return commands_; }
  Model const& model() const { return model_; }
  std::size_t run_count() const { return run_count_; }

  // The steps of the frames: before the first step, and then after every piece of every run.
  std::vector<std::int64_t> frame_steps(std::int64_t every) const;

 private:
  void understand(Command const& command);
  void understand_compute(Command const& command);
  void check() const;

  std::vector<Command> commands_;
  std::vector<std::pair<std::string, std::string>> temperatures_;  // compute id, group
  std::size_t run_count_ = 0;
  Model model_;
};

bool is_run(Deck::Command const& command);

// The pieces of a `run N` command that starts at step `start`.
std::vector<Piece> split_run(Deck::Command const& command, std::int64_t start, std::int64_t every);

// Throws std::runtime_error when the file cannot be read.
std::string read_text(std::string const& path);

}  // namespace crack
