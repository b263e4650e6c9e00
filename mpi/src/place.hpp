#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace proxystore::mpi::detail {

/// Where a rank is.
struct Place {
  std::uint32_t rank = 0, size = 1;       // in the store's communicator
  std::uint32_t mine = 0;                 // number of this rank on its node
  std::vector<std::uint32_t> neighbours;  // rank of each number; ascending
  std::uint32_t nodes = 1;

  std::uint32_t node() const noexcept { return neighbours.front(); }
  /// The number of a rank on this node, if it is on it.
  std::optional<std::uint32_t> near(std::uint32_t of) const noexcept {
    auto const guess = of - neighbours.front();  // right where the ranks of a node follow each other
    if (guess < neighbours.size() && neighbours[guess] == of) return guess;
    return search(of);
  }

 private:
  std::optional<std::uint32_t> search(std::uint32_t of) const noexcept;
};

}  // namespace proxystore::mpi::detail
