#include "layout.hpp"

#include "object_file.hpp"

namespace proxystore::hdf5 {

using h5::h5_check;

h5::Handle opaque_byte() { return {H5Tcreate(H5T_OPAQUE, 1), "H5Tcreate"}; }

std::string version() {
  h5::Session const session;
  unsigned major = 0, minor = 0, release = 0;
  h5_check(H5get_libversion(&major, &minor, &release), "H5get_libversion");
  return "HDF5 " + std::to_string(major) + '.' + std::to_string(minor) + '.' + std::to_string(release);
}

}  // namespace proxystore::hdf5
