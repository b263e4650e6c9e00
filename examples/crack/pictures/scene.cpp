#include "pictures/scene.hpp"

#include <algorithm>
#include <cmath>
#include <iomanip>
#include <sstream>

namespace crack {

namespace {

constexpr double font_size_of_digit = 1.37;  // font-size in CSS for a digit of height 1, in usual sans-serif fonts

std::string hex(Color color) {
  std::ostringstream text;
  text << '#' << std::hex << std::setfill('0');
  for (float const channel : {color.red, color.green, color.blue})
    text << std::setw(2) << std::lround(std::clamp(channel, 0.0F, 1.0F) * 255.0F);
  return text.str();
}

std::string escape(std::string const& plain) {
  std::string text;
  for (char const c : plain) {
    if (c == '<') text += "&lt;";
    else if (c == '&') text += "&amp;";
    else text += c;
  }
  return text;
}

void title(std::ostream& svg, std::string const& text, char const* element) {
  if (text.empty()) svg << "/>\n";
  else svg << "><title>" << escape(text) << "</title></" << element << ">\n";
}

char const* anchor_name(Anchor anchor) {
  switch (anchor) {
    case Anchor::middle: return "middle";
    case Anchor::right: return "end";
    default: return "start";
  }
}

double anchor_shift(Text const& text) {
  double const width = text_width(text.size, text.characters);
  switch (text.anchor) {
    case Anchor::middle: return -0.5 * width;
    case Anchor::right: return -width;
    default: return 0.0;
  }
}

}  // namespace

std::string to_svg(Scene const& scene) {
  std::ostringstream svg;
  svg << std::fixed << std::setprecision(2);
  svg << "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " << scene.width << ' ' << scene.height
      << "\" font-family=\"Inter, 'DejaVu Sans', sans-serif\">\n";
  svg << "<rect width=\"100%\" height=\"100%\" fill=\"" << hex(scene.background) << "\"/>\n";
  for (Rectangle const& r : scene.rectangles) {
    svg << "<rect x=\"" << r.corner.x << "\" y=\"" << r.corner.y << "\" width=\"" << r.width << "\" height=\""
        << r.height << "\" fill=\"" << hex(r.color) << '"';
    title(svg, r.title, "rect");
  }
  for (Line const& l : scene.lines) {
    svg << "<line x1=\"" << l.from.x << "\" y1=\"" << l.from.y << "\" x2=\"" << l.to.x << "\" y2=\"" << l.to.y
        << "\" stroke=\"" << hex(l.color) << "\" stroke-width=\"" << l.thickness << "\" opacity=\"" << l.opacity << '"';
    title(svg, l.title, "line");
  }
  for (Text const& t : scene.texts)
    svg << "<text x=\"" << t.corner.x << "\" y=\"" << t.corner.y << "\" font-size=\"" << t.size * font_size_of_digit
        << "\" fill=\"" << hex(t.color) << "\" text-anchor=\"" << anchor_name(t.anchor) << "\">" << escape(t.characters)
        << "</text>\n";
  svg << "</svg>\n";
  return svg.str();
}

Image to_image(Scene const& scene) {
  Canvas canvas(static_cast<std::size_t>(scene.width), static_cast<std::size_t>(scene.height), scene.background);
  for (Rectangle const& r : scene.rectangles) canvas.rectangle(r.corner, r.width, r.height, r.color);
  for (Line const& l : scene.lines) canvas.line(l.from, l.to, l.thickness, l.color, l.opacity);
  for (Text const& t : scene.texts)
    canvas.text({t.corner.x + anchor_shift(t), t.corner.y}, t.size, t.color, t.characters);
  return canvas.image();
}

}  // namespace crack
