#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <proxystore/connector.hpp>

namespace proxystore::mpi::detail {

/// A part as a letter carries it, without its key.
std::vector<std::byte> write_part(ObjectPart const& part);
/// Throws CorruptObject for what is no part, or does not fit.
ObjectPart parse_part(std::span<std::byte const> said);

/// The rows of `object`, one after the other. REQUIRES: the part fits in it; `out` has the size of the part
void pack(ObjectPart const& part, std::span<std::byte const> object, std::span<std::byte> out) noexcept;

/// Calls `visit` with the place of each row in the object, in their order. REQUIRES: the part fits
template <class Visit>
void for_each_row(ObjectPart const& part, Visit const& visit, std::size_t axis = 0, std::size_t at = 0) {
  if (axis == part.axes.size()) return visit(part.begin + at);
  auto const [count, stride] = part.axes[axis];
  for (std::size_t i = 0; i < count; ++i) for_each_row(part, visit, axis + 1, at + i * stride);
}

}  // namespace proxystore::mpi::detail
