#include "picture.hpp"

#include <png.h>

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <vector>

void write_picture(std::string const& path, proxystore::Array<double> const& field) {
  std::vector<std::uint8_t> pixels;
  pixels.reserve(3 * field.size());
  for (double const value : field)
    for (double const threshold : {0.0, 1.0, 2.0})  // red, green and blue come one after the other
      pixels.push_back(static_cast<std::uint8_t>(255 * std::clamp(3 * value - threshold, 0.0, 1.0)));
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(field.shape().at(1));
  image.height = static_cast<png_uint_32>(field.shape().at(0));
  image.format = PNG_FORMAT_RGB;
  if (png_image_write_to_file(&image, (path + ".png").c_str(), 0, pixels.data(), 0, nullptr) == 0)
    throw std::runtime_error(path + ".png cannot be written (" + image.message + ")");
}
