/// The types of the C interface, and what they are on the wire.
#pragma once

#include <cstddef>
#include <optional>

#include <proxystore/c/proxystore.h>
#include <proxystore/detail/npy.hpp>

namespace proxystore::c {

/// An array's element type; nullopt for bytes, text, and numbers that are no type.
std::optional<npy::Dtype> dtype_of(int type);
/// nullopt: C has no name for it.
std::optional<int> type_of(npy::Dtype dtype);

/// What a caller says: `rank` extents, and one for bytes and text. Throws InvalidArgument.
Shape shape_of(int type, int rank, std::size_t const* extents);

}  // namespace proxystore::c
