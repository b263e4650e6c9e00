#include "pictures/png_file.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <stdexcept>

#include <png.h>

namespace crack {

Png encode_png(Image const& image) {
  png_image header{};
  header.version = PNG_IMAGE_VERSION;
  header.width = static_cast<png_uint_32>(image.width);
  header.height = static_cast<png_uint_32>(image.height);
  header.format = PNG_FORMAT_RGB;
  header.flags = PNG_IMAGE_FLAG_FAST;
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(header);
  Png png(size);
  if (png_image_write_to_memory(&header, png.data(), &size, 0, image.pixels.data(), 0, nullptr) == 0)
    throw std::runtime_error(std::string("a picture cannot be encoded (") + header.message + ")");
  png.resize(size);
  return png;
}

void write_file(std::string const& path, Png const& contents) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<char const*>(contents.data()), static_cast<std::streamsize>(contents.size()));
  file.close();
  if (!file) throw std::runtime_error("'" + path + "' cannot be written (" + std::strerror(errno) + ")");
}

void write_png(std::string const& path, Image const& image) { write_file(path, encode_png(image)); }

}  // namespace crack
