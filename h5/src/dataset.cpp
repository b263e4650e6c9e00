#include <proxystore/h5/dataset.hpp>

#include <vector>

#include <proxystore/error.hpp>

namespace proxystore::h5 {

Handle open_to_read(std::string const& path) {
  Handle const access(H5Pcreate(H5P_FILE_ACCESS), "H5Pcreate");
  h5_check(H5Pset_fapl_sec2(access.get()), "H5Pset_fapl_sec2");
  h5_check(H5Pset_fclose_degree(access.get(), H5F_CLOSE_STRONG), "H5Pset_fclose_degree");
#if H5_VERSION_GE(1, 12, 1) || (H5_VERSION_GE(1, 10, 7) && !H5_VERSION_GE(1, 12, 0))
  h5_check(H5Pset_file_locking(access.get(), false, true), "H5Pset_file_locking");
#endif
  return {H5Fopen(path.c_str(), H5F_ACC_RDONLY, access.get()), "H5Fopen"};
}

Shape shape_of(hid_t dataset) {
  Handle const space(H5Dget_space(dataset), "H5Dget_space");
  if (H5Sget_simple_extent_type(space.get()) == H5S_NULL) throw CorruptObject("its dataset has no extent");
  int const rank = h5_check(H5Sget_simple_extent_ndims(space.get()), "H5Sget_simple_extent_ndims");
  std::vector<hsize_t> extents(static_cast<std::size_t>(rank));
  h5_check(H5Sget_simple_extent_dims(space.get(), extents.data(), nullptr), "H5Sget_simple_extent_dims");
  return {extents.begin(), extents.end()};
}

Handle space_of(Shape const& shape) {
  if (shape.empty()) return {H5Screate(H5S_SCALAR), "H5Screate"};
  std::vector<hsize_t> const extents(shape.begin(), shape.end());
  return {H5Screate_simple(static_cast<int>(extents.size()), extents.data(), nullptr), "H5Screate_simple"};
}

std::uint64_t offset_of(hid_t dataset) {
  haddr_t const offset = H5Dget_offset(dataset);
  if (offset == HADDR_UNDEF) fail("H5Dget_offset");
  return offset;
}

}  // namespace proxystore::h5
