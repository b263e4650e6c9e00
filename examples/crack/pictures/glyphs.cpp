#include "pictures/canvas.hpp"

#include <algorithm>

namespace crack {

namespace {

// Each stroke is the control polygon of a smooth curve, a point two digits (x y); a point named twice stays
// sharp.
constexpr char const* strokes_of(char c) {
  switch (c) {
    case '0': return "29 09 02 42 49 29";
    case '1': return "17 39 39 32";
    case '2': return "07 09 49 46 02 02 42";
    case '3': return "08 09 49 46 16 16 46 42 02 03";
    case '4': return "32 39 39 04 04 44";
    case '5': return "49 09 09 06 06 46 42 02 03";
    case '6': return "48 49 09 02 42 46 06 04";
    case '7': return "09 49 49 12";
    case '8': return "26 06 09 49 46 26|26 06 02 42 46 26";
    case '9': return "03 02 42 49 09 05 45 47";
    case 'a': return "47 42|45 47 07 02 42 44";
    case 'b': return "09 02|05 07 47 42 02 04";
    case 'c': return "46 47 07 02 42 43";
    case 'd': return "49 42|45 47 07 02 42 44";
    case 'e': return "05 45 45 47 07 02 42 43";
    case 'f': return "49 19 17 12|07 37";
    case 'g': return "47 42 40 00|45 47 07 02 42 44";
    case 'h': return "09 02|05 07 47 45 42";
    case 'i': return "17 12|19 19";
    case 'j': return "27 22 20 00|29 29";
    case 'k': return "09 02|04 47|25 42";
    case 'l': return "19 12";
    case 'm': return "07 02|05 07 37 35 32|35 37 67 65 62";
    case 'n': return "07 02|05 07 47 45 42";
    case 'o': return "27 07 02 42 47 27";
    case 'p': return "07 00|05 07 47 42 02 04";
    case 'q': return "47 40|45 47 07 02 42 44";
    case 'r': return "07 02|05 07 37";
    case 's': return "46 47 07 05 44 42 02 03";
    case 't': return "19 14 12 32|07 37";
    case 'u': return "07 04 02 42 44|47 42";
    case 'v': return "07 22 22 47";
    case 'w': return "07 12 12 36 36 52 52 67";
    case 'x': return "07 42|02 47";
    case 'y': return "07 22|47 10";
    case 'z': return "07 47 47 02 02 42";
    case '.': return "12 12";
    case ',': return "13 12 01";
    case ':': return "13 13|16 16";
    case '-': return "05 45";
    case '+': return "05 45|27 23";
    case '=': return "04 44|06 46";
    case '/': return "00 49";
    case '(': return "29 08 03 20";
    case ')': return "09 28 23 00";
    case '%': return "02 49|09 18|42 33";
    default: return "";
  }
}

// Chaikin's corner cutting: the limit is the quadratic B-spline of the polygon.
std::vector<Point> smooth(std::vector<Point> const& polygon) {
  std::vector<Point> curve{polygon.front()};
  for (std::size_t i = 1; i < polygon.size(); ++i) {
    Point const& a = polygon[i - 1];
    Point const& b = polygon[i];
    curve.push_back({0.75 * a.x + 0.25 * b.x, 0.75 * a.y + 0.25 * b.y});
    curve.push_back({0.25 * a.x + 0.75 * b.x, 0.25 * a.y + 0.75 * b.y});
  }
  curve.push_back(polygon.back());
  return curve;
}

}  // namespace

std::vector<std::vector<Point>> glyph_strokes(char character) {
  std::vector<std::vector<Point>> strokes(1);
  for (char const* p = strokes_of(character); *p != '\0';) {
    if (*p == '|') {
      strokes.emplace_back();
      ++p;
    } else if (*p == ' ') {
      ++p;
    } else {
      strokes.back().push_back({static_cast<double>(p[0] - '0'), static_cast<double>(p[1] - '0')});
      p += 2;
    }
  }
  if (strokes.back().empty()) return {};
  for (auto& stroke : strokes)
    if (stroke.size() > 2) stroke = smooth(smooth(stroke));
  return strokes;
}

double glyph_advance(char character) {
  constexpr double gap = 2.4;
  double right = character == ' ' ? 2.0 : 0.0;
  for (auto const& stroke : glyph_strokes(character))
    for (Point const& point : stroke) right = std::max(right, point.x);
  return right + gap;
}

}  // namespace crack
