/// HDF5's types for the elements of arrays, as h5py has them, so that Python sees the same dtype.
#pragma once

#include <optional>

#include <proxystore/detail/npy.hpp>
#include <proxystore/export.hpp>
#include <proxystore/h5/h5.hpp>

namespace proxystore::h5 {

struct Element {
  npy::Dtype dtype;
  bool swapped = false;  ///< in the byte order that is not this machine's
  friend bool operator==(Element, Element) = default;
};

/// The type in a file, and in memory where bytes are not to be converted: bool is an enumeration FALSE, TRUE of one
/// byte, complex a compound of r and i, a struct (V) opaque. nullopt where HDF5 has none. REQUIRES: a Session
PROXYSTORE_EXPORT std::optional<Handle> type_of(Element element);

/// The way back: nullopt for any type that type_of() does not make. REQUIRES: a Session
PROXYSTORE_EXPORT std::optional<Element> element_of(hid_t type);

}  // namespace proxystore::h5
