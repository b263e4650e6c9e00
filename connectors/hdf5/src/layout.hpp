/// What an object's file consists of, for those who write and read it.
#pragma once

#include <cstdint>

#include <proxystore/h5/h5.hpp>

namespace proxystore::hdf5 {

inline constexpr char dataset_name[] = "object";
inline constexpr char identifier_name[] = "identifier";  // attributes of the dataset
inline constexpr char header_name[] = "npy_header";

/// The element of what is no array. REQUIRES: a Session
h5::Handle opaque_byte();

/// Where in the file the data of a contiguous dataset begins. REQUIRES: a Session
std::uint64_t offset_of(hid_t dataset);

}  // namespace proxystore::hdf5
