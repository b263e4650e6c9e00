#include "pictures/canvas.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace crack {

namespace {

constexpr double glyph_height = 7.0;
constexpr double glyph_base = 2.0;

float mix(float below, float above, double coverage) { return below + (above - below) * static_cast<float>(coverage); }

std::uint8_t to_byte(float value) {
  return static_cast<std::uint8_t>(std::lround(std::clamp(value, 0.0F, 1.0F) * 255.0F));
}

double distance_to_segment(Point p, Point a, Point b) {
  double const dx = b.x - a.x, dy = b.y - a.y;
  double const length = dx * dx + dy * dy;
  double const along = length > 0.0 ? std::clamp(((p.x - a.x) * dx + (p.y - a.y) * dy) / length, 0.0, 1.0) : 0.0;
  return std::hypot(p.x - a.x - along * dx, p.y - a.y - along * dy);
}

std::size_t clamp_index(double value, std::size_t end) {
  return static_cast<std::size_t>(std::clamp(value, 0.0, static_cast<double>(end)));
}

double overlap(std::size_t pixel, double from, double to) {
  auto const p = static_cast<double>(pixel);
  return std::clamp(std::min(to, p + 1.0) - std::max(from, p), 0.0, 1.0);
}

}  // namespace

Canvas::Canvas(std::size_t width, std::size_t height, Color background)
    : width_(width), height_(height), pixels_(width * height, background) {}

Canvas::Window Canvas::window(double left, double right, double top, double bottom) const {
  return {clamp_index(left, width_), clamp_index(right + 1.0, width_), clamp_index(top, height_),
          clamp_index(bottom + 1.0, height_)};
}

void Canvas::blend(std::size_t x, std::size_t y, Color color, double coverage) {
  Color& pixel = pixels_[y * width_ + x];
  pixel = {mix(pixel.red, color.red, coverage), mix(pixel.green, color.green, coverage),
           mix(pixel.blue, color.blue, coverage)};
}

void Canvas::disk(Point centre, double radius, Color color) {
  double const inner = std::max(radius - 0.5, 0.0), outer = radius + 0.5;
  Window const w = window(centre.x - outer, centre.x + outer, centre.y - outer, centre.y + outer);
  for (std::size_t y = w.y_begin; y < w.y_end; ++y)
    for (std::size_t x = w.x_begin; x < w.x_end; ++x) {
      double const dx = static_cast<double>(x) + 0.5 - centre.x, dy = static_cast<double>(y) + 0.5 - centre.y;
      double const squared = dx * dx + dy * dy;
      if (squared <= inner * inner) pixels_[y * width_ + x] = color;
      else if (squared < outer * outer) blend(x, y, color, outer - std::sqrt(squared));
    }
}

void Canvas::line(Point from, Point to, double thickness, Color color, double opacity) {
  double const reach = 0.5 * thickness + 1.0;
  Window const w = window(std::min(from.x, to.x) - reach, std::max(from.x, to.x) + reach,
                          std::min(from.y, to.y) - reach, std::max(from.y, to.y) + reach);
  for (std::size_t y = w.y_begin; y < w.y_end; ++y)
    for (std::size_t x = w.x_begin; x < w.x_end; ++x) {
      Point const here{static_cast<double>(x) + 0.5, static_cast<double>(y) + 0.5};
      double const inside = 0.5 * thickness - distance_to_segment(here, from, to);
      if (inside > -0.5) blend(x, y, color, opacity * std::min(inside + 0.5, 1.0));
    }
}

void Canvas::rectangle(Point corner, double width, double height, Color color, double opacity) {
  Window const w = window(corner.x, corner.x + width, corner.y, corner.y + height);
  for (std::size_t y = w.y_begin; y < w.y_end; ++y)
    for (std::size_t x = w.x_begin; x < w.x_end; ++x)
      blend(x, y, color, opacity * overlap(x, corner.x, corner.x + width) * overlap(y, corner.y, corner.y + height));
}

void Canvas::text(Point corner, double size, Color color, std::string_view characters) {
  double const unit = size / glyph_height;
  for (char const character : characters) {
    for (auto const& stroke : glyph_strokes(character))
      for (std::size_t i = 1; i < stroke.size(); ++i) {
        auto const place = [&](Point p) { return Point{corner.x + unit * p.x, corner.y - unit * (p.y - glyph_base)}; };
        line(place(stroke[i - 1]), place(stroke[i]), unit, color);
      }
    corner.x += unit * glyph_advance(character);
  }
}

void Canvas::paste(Image const& image, std::size_t left, std::size_t top) {
  auto const channel = [&](std::size_t i) { return static_cast<float>(image.pixels[i]) / 255.0F; };
  for (std::size_t y = 0; y < image.height; ++y)
    for (std::size_t x = 0; x < image.width; ++x) {
      std::size_t const from = 3 * (y * image.width + x);
      pixels_[(top + y) * width_ + left + x] = {channel(from), channel(from + 1), channel(from + 2)};
    }
}

Image Canvas::image() const {
  Image image{width_, height_, {}};
  image.pixels.reserve(3 * pixels_.size());
  for (Color const& pixel : pixels_)
    for (float const channel : {pixel.red, pixel.green, pixel.blue}) image.pixels.push_back(to_byte(channel));
  return image;
}

double text_width(double size, std::string_view characters) {
  double width = 0.0;
  for (char const character : characters) width += glyph_advance(character);
  return width * size / glyph_height;
}

Color magma(double value) {
  static constexpr std::array<std::array<int, 3>, 11> stops{{{0x00, 0x00, 0x04},
                                                             {0x14, 0x0e, 0x36},
                                                             {0x3b, 0x0f, 0x70},
                                                             {0x64, 0x1a, 0x80},
                                                             {0x8c, 0x29, 0x81},
                                                             {0xb7, 0x37, 0x79},
                                                             {0xde, 0x49, 0x68},
                                                             {0xf7, 0x70, 0x5c},
                                                             {0xfe, 0x9f, 0x6d},
                                                             {0xfe, 0xcf, 0x92},
                                                             {0xfc, 0xfd, 0xbf}}};
  double const place = std::clamp(value, 0.0, 1.0) * static_cast<double>(stops.size() - 1);
  auto const below = std::min(static_cast<std::size_t>(place), stops.size() - 2);
  double const part = place - static_cast<double>(below);
  auto const channel = [&](std::size_t i) {
    return mix(static_cast<float>(stops[below][i]), static_cast<float>(stops[below + 1][i]), part) / 255.0F;
  };
  return {channel(0), channel(1), channel(2)};
}

}  // namespace crack
