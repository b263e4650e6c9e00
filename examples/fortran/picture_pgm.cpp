#include "picture.hpp"

#include <algorithm>
#include <fstream>
#include <stdexcept>

/// Without libpng: grey, as PGM.
void write_picture(std::string const& path, proxystore::Array<double> const& field) {
  std::ofstream file(path + ".pgm", std::ios::binary);
  file << "P5\n" << field.shape().at(1) << ' ' << field.shape().at(0) << "\n255\n";
  for (double const value : field) file.put(static_cast<char>(255 * std::clamp(value, 0.0, 1.0)));
  if (!file.flush()) throw std::runtime_error(path + ".pgm cannot be written");
}
