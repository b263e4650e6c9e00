#include "physics/cells.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace crack {

namespace {

// Atoms that fly away must not make the grid large: beyond this the cells grow instead.
constexpr double most_cells_a_side = 1000.0;

std::size_t index_of(double distance, double width, std::size_t count) {
  return std::min(static_cast<std::size_t>(distance / width), count - 1);
}

}  // namespace

Cells::Cells(std::span<Atom const> atoms, double cutoff) : atoms_(atoms), cutoff_(cutoff), width_(cutoff) {
  if (atoms.empty()) {
    first_.assign(2, 0);
    return;
  }
  auto const [left, right] =
      std::minmax_element(atoms.begin(), atoms.end(), [](auto& a, auto& b) { return a.x < b.x; });
  auto const [low, high] = std::minmax_element(atoms.begin(), atoms.end(), [](auto& a, auto& b) { return a.y < b.y; });
  x_low_ = left->x;
  y_low_ = low->y;
  width_ = std::max({cutoff, (right->x - x_low_) / most_cells_a_side, (high->y - y_low_) / most_cells_a_side});
  columns_ = static_cast<std::size_t>((right->x - x_low_) / width_) + 1;
  rows_ = static_cast<std::size_t>((high->y - y_low_) / width_) + 1;

  first_.assign(columns_ * rows_ + 1, 0);
  for (Atom const& atom : atoms) ++first_[cell_of(atom) + 1];
  for (std::size_t cell = 1; cell < first_.size(); ++cell) first_[cell] += first_[cell - 1];

  order_.resize(atoms.size());
  std::vector<std::size_t> next(first_.begin(), first_.end() - 1);
  for (std::size_t i = 0; i < atoms.size(); ++i) order_[next[cell_of(atoms[i])]++] = i;
}

std::size_t Cells::cell_of(Atom const& atom) const {
  return index_of(atom.y - y_low_, width_, rows_) * columns_ + index_of(atom.x - x_low_, width_, columns_);
}

std::span<std::size_t const> Cells::members(std::size_t column, std::size_t row) const {
  std::size_t const cell = row * columns_ + column;
  return std::span(order_).subspan(first_[cell], first_[cell + 1] - first_[cell]);
}

}  // namespace crack
