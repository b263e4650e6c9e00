#include "place.hpp"

#include <algorithm>

namespace proxystore::mpi::detail {

std::optional<std::uint32_t> Place::search(std::uint32_t of) const noexcept {
  auto const found = std::lower_bound(neighbours.begin(), neighbours.end(), of);
  if (found == neighbours.end() || *found != of) return std::nullopt;
  return static_cast<std::uint32_t>(found - neighbours.begin());
}

}  // namespace proxystore::mpi::detail
