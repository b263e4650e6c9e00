#include "physics/frame.hpp"

#include <cmath>

namespace crack {

void append_block(std::vector<Atom>& atoms, std::span<double const> block) {
  atoms.reserve(atoms.size() + block.size() / column::count);
  for (std::size_t row = 0; row + column::count <= block.size(); row += column::count) {
    double const* const a = block.data() + row;
    atoms.push_back({a[column::x], a[column::y], a[column::vx], a[column::vy],
                     static_cast<int>(std::lround(a[column::type])), a[column::thermal] != 0.0});
  }
}

}  // namespace crack
