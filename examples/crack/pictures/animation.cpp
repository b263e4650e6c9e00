// APNG (wiki.mozilla.org/APNG_Specification): the compressed pixels of the pictures, taken over as they are.

#include "pictures/png_file.hpp"

#include <algorithm>
#include <span>
#include <string_view>

#include <zlib.h>

namespace crack {

namespace {

using BytesView = std::span<std::uint8_t const>;

constexpr std::size_t signature_size = 8;
constexpr std::size_t header_chunk_size = 25;  // IHDR: length, type, 13 bytes, checksum
constexpr std::size_t frame_around_data = 12;  // length, type, checksum
constexpr int last_picture_stands = 30;        // times as long as the others

void append_u16(Png& out, std::size_t value) {
  for (int shift = 8; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(value >> shift));
}

void append_u32(Png& out, std::size_t value) {
  append_u16(out, value >> 16U & 0xffffU);
  append_u16(out, value & 0xffffU);
}

std::size_t read_u32(BytesView bytes) {
  std::size_t value = 0;
  for (std::uint8_t const byte : bytes.first(4)) value = value << 8U | byte;
  return value;
}

void append_chunk(Png& out, std::string_view type, Png const& data) {
  append_u32(out, data.size());
  std::size_t const checked = out.size();
  out.insert(out.end(), type.begin(), type.end());
  out.insert(out.end(), data.begin(), data.end());
  append_u32(out, crc32(0, out.data() + checked, static_cast<uInt>(out.size() - checked)));
}

// The contents of the IDAT chunks, one after the other.
Png pixel_data(BytesView png) {
  Png data;
  for (BytesView rest = png.subspan(signature_size); rest.size() >= frame_around_data;) {
    std::size_t const size = std::min(read_u32(rest), rest.size() - frame_around_data);
    BytesView const type = rest.subspan(4, 4), contents = rest.subspan(8, size);
    if (std::equal(type.begin(), type.end(), "IDAT")) data.insert(data.end(), contents.begin(), contents.end());
    rest = rest.subspan(size + frame_around_data);
  }
  return data;
}

Png frame_control(BytesView png, std::size_t sequence, int hundredths) {
  BytesView const size = png.subspan(signature_size + 8, 8);  // width and height in IHDR
  Png control;
  append_u32(control, sequence);
  control.insert(control.end(), size.begin(), size.end());
  append_u32(control, 0);  // x offset
  append_u32(control, 0);  // y offset
  append_u16(control, static_cast<std::size_t>(hundredths));
  append_u16(control, 100);
  append_u16(control, 0);  // dispose: none; blend: overwrite
  return control;
}

}  // namespace

Png animate(std::vector<Png> const& pictures, int pictures_a_second) {
  Png const& first = pictures.front();
  Png out(first.begin(), first.begin() + signature_size + header_chunk_size);
  Png control;
  append_u32(control, pictures.size());
  append_u32(control, 0);  // for ever
  append_chunk(out, "acTL", control);

  std::size_t sequence = 0;
  for (Png const& picture : pictures) {
    bool const last = &picture == &pictures.back();
    append_chunk(out, "fcTL",
                 frame_control(picture, sequence++, 100 / pictures_a_second * (last ? last_picture_stands : 1)));
    if (&picture == &first) {
      append_chunk(out, "IDAT", pixel_data(picture));
      continue;
    }
    Png data;
    append_u32(data, sequence++);
    Png const pixels = pixel_data(picture);
    data.insert(data.end(), pixels.begin(), pixels.end());
    append_chunk(out, "fdAT", data);
  }
  append_chunk(out, "IEND", {});
  return out;
}

}  // namespace crack
