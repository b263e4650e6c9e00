#pragma once

#include "pictures/canvas.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace crack {

// A PNG file in memory.
using Png = std::vector<std::uint8_t>;

Png encode_png(Image const& image);

// Both throw std::runtime_error when the file cannot be written.
void write_file(std::string const& path, Png const& contents);
void write_png(std::string const& path, Image const& image);

// An animated PNG of pictures of the same size: browsers show it, other viewers show the first picture.
Png animate(std::vector<Png> const& pictures, int pictures_a_second);

}  // namespace crack
