#pragma once

#include "pictures/canvas.hpp"

#include <cstdint>
#include <vector>

namespace crack {

// At most twelve of the pictures, from the first to the last, side by side and each with its step.
// REQUIRES: pictures of one size, as many as steps, at least one.
Image contact_sheet(std::vector<Image> const& thumbnails, std::vector<std::int64_t> const& steps);

}  // namespace crack
