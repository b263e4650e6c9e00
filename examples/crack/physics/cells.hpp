#pragma once

#include "physics/frame.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace crack {

// The atoms sorted into square cells, each at least `cutoff` wide, so that partners within the cutoff lie in
// the cell itself or one of its eight neighbours. Open boundaries.
class Cells {
 public:
  Cells(std::span<Atom const> atoms, double cutoff);

  // Calls pair(i, j, squared distance) once for every two atoms nearer than the cutoff.
  template <class Pair>
  void for_each_pair(Pair const& pair) const;

 private:
  std::size_t cell_of(Atom const& atom) const;
  std::span<std::size_t const> members(std::size_t column, std::size_t row) const;
  template <class Pair>
  void pair_up(std::span<std::size_t const> here, std::span<std::size_t const> there, Pair const& pair) const;

  std::span<Atom const> atoms_;
  double cutoff_;
  double x_low_ = 0.0, y_low_ = 0.0;
  double width_;
  std::size_t columns_ = 1, rows_ = 1;
  std::vector<std::size_t> order_;  // atoms, cell by cell
  std::vector<std::size_t> first_;  // of each cell, in order_
};

template <class Pair>
void Cells::pair_up(std::span<std::size_t const> here, std::span<std::size_t const> there, Pair const& pair) const {
  bool const same = here.data() == there.data();
  for (std::size_t a = 0; a < here.size(); ++a)
    for (std::size_t b = same ? a + 1 : 0; b < there.size(); ++b) {
      Atom const& i = atoms_[here[a]];
      Atom const& j = atoms_[there[b]];
      double const squared = (i.x - j.x) * (i.x - j.x) + (i.y - j.y) * (i.y - j.y);
      if (squared < cutoff_ * cutoff_) pair(here[a], there[b], squared);
    }
}

template <class Pair>
void Cells::for_each_pair(Pair const& pair) const {
  for (std::size_t row = 0; row < rows_; ++row)
    for (std::size_t column = 0; column < columns_; ++column) {
      auto const here = members(column, row);
      bool const left = column > 0, right = column + 1 < columns_, above = row + 1 < rows_;
      pair_up(here, here, pair);
      if (right) pair_up(here, members(column + 1, row), pair);
      if (above && left) pair_up(here, members(column - 1, row + 1), pair);
      if (above) pair_up(here, members(column, row + 1), pair);
      if (above && right) pair_up(here, members(column + 1, row + 1), pair);
    }
}

}  // namespace crack
