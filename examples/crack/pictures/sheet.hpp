#pragma once

#include "pictures/canvas.hpp"

#include <cstdint>
#include <vector>

namespace crack {

// Small pictures of the same size side by side, each with its step. REQUIRES: as many of either, at least one.
Image contact_sheet(std::vector<Image> const& thumbnails, std::vector<std::int64_t> const& steps);

}  // namespace crack
