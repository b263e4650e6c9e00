#pragma once

#include "pictures/canvas.hpp"

#include <string>
#include <vector>

namespace crack {

struct Rectangle {
  Point corner;
  double width = 0.0, height = 0.0;
  Color color;
  std::string title;  // shown by a browser under the mouse
};

struct Line {
  Point from, to;
  double thickness = 1.0;
  Color color;
  double opacity = 1.0;
  std::string title;
};

enum class Anchor { left, middle, right };

struct Text {
  Point corner;
  double size = 12.0;  // height of a digit
  Color color;
  std::string characters;
  Anchor anchor = Anchor::left;
};

// A drawing of simple shapes, rectangles below lines below text, that can be written as SVG or as pixels.
struct Scene {
  double width = 0.0, height = 0.0;
  Color background;
  std::vector<Rectangle> rectangles;
  std::vector<Line> lines;
  std::vector<Text> texts;
};

std::string to_svg(Scene const& scene);
Image to_image(Scene const& scene);

}  // namespace crack
