#include "physics/deck.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>

namespace crack {

namespace {

// Lines as LAMMPS sees them: '#' starts a comment, '&' at the end continues a line.
std::vector<std::string> logical_lines(std::string const& text) {
  std::vector<std::string> lines;
  std::string whole;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    line.erase(std::min(line.find('#'), line.size()));
    line.erase(line.find_last_not_of(" \t\r") + 1);
    bool const continued = !line.empty() && line.back() == '&';
    if (continued) line.back() = ' ';
    whole += line;
    if (!continued) lines.push_back(std::exchange(whole, {}));
  }
  lines.push_back(whole);
  return lines;
}

std::vector<std::string> split_words(std::string const& line) {
  std::istringstream in(line);
  return {std::istream_iterator<std::string>(in), {}};
}

[[noreturn]] void refuse(Deck::Command const& command, std::string const& why) {
  throw std::runtime_error("the deck's command '" + command.text + "' is not understood (" + why + ")");
}

template <class Number>
Number number(Deck::Command const& command, std::size_t word) {
  Number value{};
  if (word >= command.words.size()) refuse(command, "it is too short");
  std::string const& text = command.words[word];
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) refuse(command, "'" + text + "' is not a plain number");
  return value;
}

bool starts(Deck::Command const& command, std::vector<std::string> const& words) {
  return command.words.size() >= words.size() && std::equal(words.begin(), words.end(), command.words.begin());
}

std::int64_t run_steps(Deck::Command const& command) {
  auto const steps = number<std::int64_t>(command, 1);
  if (command.words.size() != 2 || steps < 0) refuse(command, "frames can be taken of a plain 'run N' only");
  return steps;
}

}  // namespace

Deck::Deck(std::string const& text) {
  for (std::string const& line : logical_lines(text)) {
    Command command{line, split_words(line)};
    if (command.words.empty()) continue;
    understand(command);
    commands_.push_back(std::move(command));
  }
  check();
}

void Deck::understand(Command const& command) {
  if (is_run(command)) {
    run_steps(command);
    ++run_count_;
  } else if (starts(command, {"units"}) && !starts(command, {"units", "lj"})) {
    refuse(command, "the analysis computes in lj units");
  } else if (starts(command, {"pair_style"}) && !starts(command, {"pair_style", "lj/cut"})) {
    refuse(command, "the analysis knows lj/cut only");
  } else if (starts(command, {"pair_coeff", "*", "*"})) {
    model_.epsilon = number<double>(command, 3);
    model_.sigma = number<double>(command, 4);
    model_.cutoff = number<double>(command, 5);
  } else if (starts(command, {"pair_coeff"}) || starts(command, {"pair_modify"})) {
    refuse(command, "the analysis knows one 'pair_coeff * *' for all pairs");
  } else if (starts(command, {"thermo_modify", "norm"})) {
    refuse(command, "the analysis compares energies per atom");
  } else if (starts(command, {"mass"})) {
    auto const type = number<std::size_t>(command, 1);
    model_.mass.resize(std::max(model_.mass.size(), type + 1));
    model_.mass[type] = number<double>(command, 2);
  } else if (starts(command, {"neigh_modify", "exclude", "type"})) {
    model_.excluded.emplace_back(number<int>(command, 3), number<int>(command, 4));
  } else {
    understand_compute(command);
  }
}

void Deck::understand_compute(Command const& command) {
  auto const& words = command.words;
  if (starts(command, {"compute"}) && words.size() == 4 && words[3] == "temp")
    temperatures_.emplace_back(words[1], words[2]);
  if (starts(command, {"thermo_modify", "temp"}) && words.size() == 3)
    for (auto const& [id, group] : temperatures_)
      if (id == words[2]) model_.thermal_group = group;
}

void Deck::check() const {
  bool const two_dimensional = std::any_of(commands_.begin(), commands_.end(), [](Command const& c) {
    return starts(c, {"dimension", "2"});
  });
  if (!two_dimensional || model_.cutoff <= 0.0 || model_.mass.empty())
    throw std::runtime_error(
        "the deck is not a 2d lj/cut simulation (it needs 'dimension 2', 'mass' and 'pair_coeff * *' with a "
        "cutoff)");
  if (run_count_ == 0) throw std::runtime_error("the deck has no 'run' command (so there would be no frames)");
}

std::vector<std::int64_t> Deck::frame_steps(std::int64_t every) const {
  std::vector<std::int64_t> steps{0};
  for (Command const& command : commands_)
    if (is_run(command))
      for (Piece const& piece : split_run(command, steps.back(), every)) steps.push_back(steps.back() + piece.steps);
  return steps;
}

bool is_run(Deck::Command const& command) { return command.words.front() == "run"; }

std::vector<Piece> split_run(Deck::Command const& command, std::int64_t start, std::int64_t every) {
  std::int64_t const steps = run_steps(command);
  std::vector<Piece> pieces;
  for (std::int64_t done = 0; done < steps; done += every)
    pieces.push_back({std::min(every, steps - done), start, start + steps});
  return pieces;
}

std::string read_text(std::string const& path) {
  std::ostringstream text;
  if (!(text << std::ifstream(path).rdbuf()))
    throw std::runtime_error("the deck '" + path +
                             "' cannot be read (is lammps-examples installed? --deck names another)");
  return text.str();
}

}  // namespace crack
