/// Files as stores write them, and the datasets in them.
#pragma once

#include <cstdint>
#include <string>

#include <proxystore/detail/npy.hpp>
#include <proxystore/export.hpp>
#include <proxystore/h5/h5.hpp>

namespace proxystore::h5 {

inline constexpr char identifier_name[] = "identifier";  ///< the attribute with the identifier of the object

/// By this process alone, without file locks: nobody writes to what can be found. REQUIRES: a Session
PROXYSTORE_EXPORT Handle open_to_read(std::string const& path);

/// Throws CorruptObject if it has none. REQUIRES: a Session
PROXYSTORE_EXPORT Shape shape_of(hid_t dataset);

/// A scalar for an empty shape. REQUIRES: a Session
PROXYSTORE_EXPORT Handle space_of(Shape const& shape);

/// Where in the file the data of a contiguous dataset begins. REQUIRES: a Session
PROXYSTORE_EXPORT std::uint64_t offset_of(hid_t dataset);

}  // namespace proxystore::h5
