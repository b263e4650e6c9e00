/// An array as an HDF5 file, as a program writes and reads it by hand.
#pragma once

#include <string>
#include <vector>

namespace raw {

void write_array(std::string const& path, std::vector<double> const& values);
std::vector<double> read_array(std::string const& path);

}  // namespace raw
