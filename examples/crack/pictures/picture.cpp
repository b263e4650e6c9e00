#include "pictures/picture.hpp"

#include <cmath>
#include <cstdio>
#include <string>

namespace crack {

namespace {

constexpr Color background{0.043F, 0.047F, 0.063F};
constexpr Color ink{0.78F, 0.80F, 0.84F};
constexpr double picture_width = 1280.0;
constexpr double side_margin = 36.0;
constexpr double caption_height = 64.0;
constexpr double room_to_open = 0.125;  // above the box, of its height: the deck pulls the upper edge up
constexpr double disk_diameter = 1.08;
constexpr double lowest_energy = -3.6, highest_energy = -1.7;

std::string short_number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", value);
  return text;
}

void draw_color_bar(Canvas& canvas, Point corner, double width, double height) {
  for (double x = 0.0; x < width; ++x) canvas.rectangle({corner.x + x, corner.y}, 1.0, height, magma(x / width));
  double const base = corner.y + height;
  std::string const low = short_number(lowest_energy), high = short_number(highest_energy);
  canvas.text({corner.x - text_width(13.0, low) - 6.0, base}, 13.0, ink, low);
  canvas.text({corner.x + width + 10.0, base}, 13.0, ink, high);
}

void draw_caption(Canvas& canvas, std::int64_t step) {
  double const base = static_cast<double>(canvas.height()) - 24.0;
  canvas.text({side_margin, base}, 20.0, ink, "step " + std::to_string(step));
  double const bar_left = static_cast<double>(canvas.width()) - side_margin - 360.0;
  draw_color_bar(canvas, {bar_left, base - 14.0}, 310.0, 14.0);
  std::string const title = "energy of an atom";
  canvas.text({bar_left - 70.0 - text_width(15.0, title), base}, 15.0, ink, title);
}

}  // namespace

View::View(Box const& box) {
  double const room = room_to_open * (box.y_high - box.y_low);
  scale = (picture_width - 2.0 * side_margin) / (box.x_high - box.x_low);
  x_left = box.x_low - side_margin / scale;
  y_top = box.y_high + room + 0.5 * side_margin / scale;
  width = static_cast<std::size_t>(picture_width);
  height = static_cast<std::size_t>((box.y_high - box.y_low + room) * scale + side_margin + caption_height);
}

Image draw_frame(View const& view, std::span<Atom const> atoms, std::span<double const> energy, std::int64_t step) {
  Canvas canvas(view.width, view.height, background);
  for (std::size_t i = 0; i < atoms.size(); ++i) {
    Point const centre{(atoms[i].x - view.x_left) * view.scale, (view.y_top - atoms[i].y) * view.scale};
    canvas.disk(centre, 0.5 * disk_diameter * view.scale,
                magma((energy[i] - lowest_energy) / (highest_energy - lowest_energy)));
  }
  draw_caption(canvas, step);
  return canvas.image();
}

Image without_caption(Image const& picture) {
  Image image{picture.width, picture.height - static_cast<std::size_t>(caption_height), picture.pixels};
  image.pixels.resize(3 * image.width * image.height);
  return image;
}

Image shrink(Image const& image, std::size_t factor) {
  Image small{image.width / factor, image.height / factor, {}};
  small.pixels.reserve(3 * small.width * small.height);
  for (std::size_t y = 0; y < small.height; ++y)
    for (std::size_t i = 0; i < 3 * small.width; ++i) {
      std::size_t const left = i / 3 * factor, channel = i % 3;
      std::size_t sum = 0;
      for (std::size_t v = 0; v < factor; ++v)
        for (std::size_t u = 0; u < factor; ++u)
          sum += image.pixels[3 * ((y * factor + v) * image.width + left + u) + channel];
      small.pixels.push_back(static_cast<std::uint8_t>(sum / (factor * factor)));
    }
  return small;
}

Image coarsen(Image image) {
  constexpr std::uint8_t six_bits = 0xfc;
  for (std::uint8_t& channel : image.pixels) channel &= six_bits;
  return image;
}

}  // namespace crack
