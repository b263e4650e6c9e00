/// What an object's file consists of, for those who write and read it.
#pragma once

#include <proxystore/h5/h5.hpp>

namespace proxystore::hdf5 {

inline constexpr char dataset_name[] = "object";
inline constexpr char header_name[] = "npy_header";  // an attribute of the dataset

/// The element of what is no array. REQUIRES: a Session
h5::Handle opaque_byte();

}  // namespace proxystore::hdf5
