#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace crack {

// A block of a frame is an array {atoms of one simulation rank, column::count}, one row an atom.
namespace column {
enum : std::size_t { x, y, vx, vy, type, thermal, count };
}

struct Box {
  double x_low = 0.0, x_high = 0.0, y_low = 0.0, y_high = 0.0;
};

struct Atom {
  double x, y, vx, vy;
  int type;
  bool thermal;  // counts for the temperature
};

// Appends the atoms of one block.
void append_block(std::vector<Atom>& atoms, std::span<double const> block);

}  // namespace crack
