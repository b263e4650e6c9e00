#pragma once

#include <optional>
#include <string>

#include <proxystore/array.hpp>
#include <proxystore/buffer.hpp>
#include <proxystore/h5/types.hpp>

namespace proxystore::hdf5 {

/// An object as a dataset shows it, and what it takes to make the same bytes of it again.
struct Content {
  std::string identifier;              ///< its line, without the newline; empty: the object has none, all of it is data
  std::optional<h5::Element> element;  ///< of an array; nullopt: opaque bytes
  Shape shape;
  Bytes header;  ///< of an array whose .npy header is not the one that npy::Prefix makes; else empty
  Bytes data;    ///< in C order
};

/// An object becomes an array where HDF5 has one like it: dtype, at most 32 dimensions. All else is opaque bytes.
Content content_of(Bytes const& object);
/// The same as opaque bytes, whatever it is. The identifier NP is for arrays alone, so here it is part of the data.
Content opaque_content_of(Bytes const& object);

/// What stands in front of the data in the object: the identifier line, or an array's header with it.
/// `identifier`, `element`, `shape` and `header` are used.
Bytes prefix_of(Content const& content);
/// The object, from its bytes in C order. Throws CorruptObject if they do not fit their header.
Bytes object_of(Content const& content, Bytes object);

}  // namespace proxystore::hdf5
