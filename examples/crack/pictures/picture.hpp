#pragma once

#include "physics/frame.hpp"
#include "pictures/canvas.hpp"

#include <cstdint>
#include <span>

namespace crack {

// The part of the plane that every picture shows: the box of the first frame, with room for the crack to open.
struct View {
  explicit View(Box const& box);
  std::size_t width = 0, height = 0;  // pixels
  double scale = 1.0;                 // pixels a length unit
  double x_left = 0.0, y_top = 0.0;
};

// The atoms, coloured by their potential energy: the perfect crystal is dark, strained crystal purple, and what
// has lost neighbours (the faces of the crack, dislocations) bright.
Image draw_frame(View const& view, std::span<Atom const> atoms, std::span<double const> energy, std::int64_t step);

Image without_caption(Image const& picture);

// The image made smaller by averaging `factor` x `factor` pixels.
Image shrink(Image const& image, std::size_t factor);

// The image with 6 bits a channel: nobody sees the rest, which is noise to a compressor.
Image coarsen(Image image);

}  // namespace crack
