#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <proxystore/error.hpp>
#include <proxystore/h5/dataset.hpp>
#include <proxystore/h5/image.hpp>

#include "content.hpp"
#include "layout.hpp"
#include "object_file.hpp"

namespace proxystore::hdf5 {
namespace {

using h5::Handle;
using h5::h5_check;

constexpr std::size_t largest_compact = 4096;     // bytes that lie in the object header, whose checksum covers them
constexpr std::size_t chunk_bytes = 1024 * 1024;  // HDF5's cache of chunks has this size
constexpr std::size_t smallest_step = 4096, largest_step = 65536;  // by which a file in memory grows

enum class Layout { compact, contiguous, chunked };

Layout layout_for(Content const& content, Filters filters) {
  if (content.data.size() <= largest_compact) return Layout::compact;
  return filters.any() ? Layout::chunked : Layout::contiguous;
}

/// Turns an array that HDF5 has no type for into bytes, and one that would need chunks and, a scalar, can have none.
Handle type_for(Content& content, Bytes const& object, Filters filters) {
  bool const chunks = layout_for(content, filters) == Layout::chunked;
  auto type = content.element && !(chunks && content.shape.empty()) ? h5::type_of(*content.element) : std::nullopt;
  if (type) return *std::move(type);
  if (content.element) content = opaque_content_of(object);
  return opaque_byte();
}

/// Whole rows, as many as fit.
std::vector<hsize_t> chunk_of(std::vector<hsize_t> extents, std::size_t bytes) {
  for (auto& extent : extents) {
    if (bytes <= chunk_bytes) break;
    std::size_t const row = bytes / extent;
    extent = std::max<hsize_t>(1, chunk_bytes / row);
    bytes = row * extent;
  }
  return extents;
}

void set_filters(hid_t creation, Content const& content, std::size_t element, Filters filters) {
  std::vector<hsize_t> const extents(content.shape.begin(), content.shape.end());
  auto const chunk = chunk_of(extents, content.data.size());
  h5_check(H5Pset_chunk(creation, static_cast<int>(chunk.size()), chunk.data()), "H5Pset_chunk");
  if (filters.compression > 0) {
    if (element > 1) h5_check(H5Pset_shuffle(creation), "H5Pset_shuffle");
    h5_check(H5Pset_deflate(creation, static_cast<unsigned>(filters.compression)), "H5Pset_deflate");
  }
  if (filters.checksum) h5_check(H5Pset_fletcher32(creation), "H5Pset_fletcher32");
}

Handle creation_for(Content const& content, Layout layout, std::size_t element, Filters filters) {
  Handle creation(H5Pcreate(H5P_DATASET_CREATE), "H5Pcreate");
  h5_check(H5Pset_fill_time(creation.get(), H5D_FILL_TIME_NEVER), "H5Pset_fill_time");
  h5_check(H5Pset_attr_phase_change(creation.get(), 32, 16), "H5Pset_attr_phase_change");  // all in the object header
  switch (layout) {
    case Layout::compact: h5_check(H5Pset_layout(creation.get(), H5D_COMPACT), "H5Pset_layout"); break;
    case Layout::contiguous: h5_check(H5Pset_alloc_time(creation.get(), H5D_ALLOC_TIME_EARLY), "H5Pset_alloc_time"); break;
    case Layout::chunked: set_filters(creation.get(), content, element, filters); break;
  }
  return creation;
}

void write_attributes(hid_t dataset, Content const& content, h5::Provenance const& provenance) {
  h5::write_text(dataset, h5::identifier_name, content.identifier);
  if (!content.header.empty()) h5::write_opaque(dataset, header_name, content.header.span());
  h5::write_provenance(dataset, provenance);
}

}  // namespace

void require(Filters filters) {
  h5::Session const session;
  if (filters.compression < 0 || filters.compression > 9)
    throw ConfigError("option compression=" + std::to_string(filters.compression) + " is not understood; write 0 to 9");
  if (filters.compression > 0 && H5Zfilter_avail(H5Z_FILTER_DEFLATE) <= 0)
    throw ConfigError("this HDF5 cannot compress (it was built without zlib) leave out option compression");
  if (filters.checksum && H5Zfilter_avail(H5Z_FILTER_FLETCHER32) <= 0)
    throw ConfigError("this HDF5 has no Fletcher-32 filter; leave out option checksum");
}

Draft draft(Bytes const& object, h5::Provenance const& provenance, Filters filters) {
  auto content = content_of(object);
  h5::Session const session;
  Handle const type = type_for(content, object, filters);
  auto const layout = layout_for(content, filters);
  std::size_t const bytes = content.data.size();

  h5::Image image(layout == Layout::chunked ? std::clamp(bytes / 64, smallest_step, largest_step) : smallest_step,
                  layout == Layout::contiguous ? bytes : 0);
  Handle const creation = creation_for(content, layout, H5Tget_size(type.get()), filters);
  Handle const space = h5::space_of(content.shape);
  Handle dataset(H5Dcreate2(image.file(), dataset_name, type.get(), space.get(), H5P_DEFAULT, creation.get(), H5P_DEFAULT),
                 "H5Dcreate2");
  write_attributes(dataset.get(), content, provenance);
  Draft made;
  if (layout == Layout::contiguous) {
    made.offset = h5::offset_of(dataset.get());
    made.data = std::move(content.data);
  } else if (bytes != 0) {
    h5_check(H5Dwrite(dataset.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, content.data.data()), "H5Dwrite");
  }
  dataset.close();
  auto finished = image.finish();
  made.head = std::move(finished.bytes);
  made.size = finished.end;
  return made;
}

void Draft::write(h5::File const& file) const {
  file.write(head.span(), 0);
  file.write(data.span(), offset);
  if (offset + data.size() < size) file.resize(size);
}

}  // namespace proxystore::hdf5
