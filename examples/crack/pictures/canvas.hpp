#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace crack {

struct Color {
  float red = 0.0F, green = 0.0F, blue = 0.0F;  // 0 .. 1, as the screen wants them (sRGB)
};

struct Point {
  double x = 0.0, y = 0.0;  // pixels, from the left and from the top
};

// 8-bit RGB, row by row.
struct Image {
  std::size_t width = 0, height = 0;
  std::vector<std::uint8_t> pixels;
};

// Antialiased disks, lines, rectangles and text over a plain background.
class Canvas {
 public:
  Canvas(std::size_t width, std::size_t height, Color background);

  std::size_t width() const { return width_; }
  std::size_t height() const { return height_; }

  void disk(Point centre, double radius, Color color);
  void line(Point from, Point to, double thickness, Color color, double opacity = 1.0);
  void rectangle(Point corner, double width, double height, Color color, double opacity = 1.0);
  // `corner`: left end of the base line. `size`: height of a digit. Characters without a glyph leave a space.
  void text(Point corner, double size, Color color, std::string_view characters);

  // Copies `image` with its upper left pixel at (left, top). REQUIRES: it fits.
  void paste(Image const& image, std::size_t left, std::size_t top);

  Image image() const;

 private:
  struct Window {
    std::size_t x_begin, x_end, y_begin, y_end;
  };
  Window window(double left, double right, double top, double bottom) const;
  void blend(std::size_t x, std::size_t y, Color color, double coverage);

  std::size_t width_, height_;
  std::vector<Color> pixels_;
};

// Width in pixels of Canvas::text.
double text_width(double size, std::string_view characters);

// The strokes of a character, on a grid with y upwards, base line at 2, height of a digit 7, x from 0.
std::vector<std::vector<Point>> glyph_strokes(char character);
double glyph_advance(char character);

// 0 .. 1 to magma, the perceptually uniform map of matplotlib; clamps.
Color magma(double value);

}  // namespace crack
