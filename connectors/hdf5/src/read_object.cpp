#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include <proxystore/detail/wire.hpp>
#include <proxystore/error.hpp>
#include <proxystore/h5/dataset.hpp>

#include "content.hpp"
#include "layout.hpp"
#include "object_file.hpp"

namespace proxystore::hdf5 {
namespace {

using h5::Handle;
using h5::h5_check;

/// zlib makes at most 1032 bytes of one (https://zlib.net/zlib_tech.html).
constexpr std::uint64_t largest_expansion = 2048;

void require(bool condition, char const* problem) {
  if (!condition) throw CorruptObject(problem);
}

/// Of the formats of HDF5, those with checksums in their metadata: HDF5 is shown nothing else.
void require_signature(h5::File const& file) {
  std::array<std::byte, 9> begin{};
  constexpr char signature[] = "\x89HDF\r\n\x1a\n";
  require(file.read(begin, 0) == begin.size() && std::memcmp(begin.data(), signature, 8) == 0, "it is no HDF5 file");
  require(begin[8] >= std::byte{2}, "it is in a format of HDF5 that stores do not write");
}

/// No filter that HDF5 would have to find as a plugin.
void require_own_filters(hid_t creation) {
  int const filters = h5_check(H5Pget_nfilters(creation), "H5Pget_nfilters");
  for (unsigned i = 0; i < static_cast<unsigned>(filters); ++i) {
    unsigned flags = 0, config = 0;
    std::size_t values = 0;
    auto const filter = h5_check(H5Pget_filter2(creation, i, &flags, &values, nullptr, 0, nullptr, &config), "H5Pget_filter2");
    require(filter == H5Z_FILTER_DEFLATE || filter == H5Z_FILTER_SHUFFLE || filter == H5Z_FILTER_FLETCHER32,
            "its dataset has a filter that stores do not use");
  }
}

/// Where `bytes` of data lie in the file, if they lie there as they are. Throws CorruptObject if they cannot be there.
std::optional<std::uint64_t> place_of(hid_t dataset, std::uint64_t bytes, std::uint64_t file_size) {
  Handle const creation(H5Dget_create_plist(dataset), "H5Dget_create_plist");
  require_own_filters(creation.get());
  std::uint64_t const stored = H5Dget_storage_size(dataset);
  switch (H5Pget_layout(creation.get())) {
    case H5D_COMPACT: require(stored == bytes, "its dataset is incomplete"); return std::nullopt;
    case H5D_CHUNKED:
      require(stored <= file_size && bytes / largest_expansion <= stored, "its dataset is incomplete");
      return std::nullopt;
    case H5D_CONTIGUOUS: break;
    default: throw CorruptObject("its dataset has a layout that stores do not use");
  }
  require(h5_check(H5Pget_external_count(creation.get()), "H5Pget_external_count") == 0, "its data lies in other files");
  require(stored == bytes, "its dataset is incomplete");
  auto const offset = h5::offset_of(dataset);
  require(offset <= file_size && bytes <= file_size - offset, "its data ends behind its end");
  return offset;
}

Content describe(hid_t dataset, hid_t type) {
  Content content;
  content.identifier = h5::read_text(dataset, h5::identifier_name).value_or("");
  content.shape = h5::shape_of(dataset);
  if (content.identifier != wire::numpy) {
    require(h5_check(H5Tequal(type, opaque_byte().get()), "H5Tequal") > 0, "its dataset is not one of a store");
    return content;
  }
  content.element = h5::element_of(type);
  require(content.element.has_value(), "its dataset is not one of a store");
  if (auto const header = h5::read_opaque(dataset, header_name)) content.header = Bytes::copy_of(*header);
  require(!content.element->swapped || !content.header.empty(), "its dataset has the other byte order, and no header");
  return content;
}

/// The object but for the data, and where that lies if it is not in `memory` yet.
struct Begun {
  Content content;
  Buffer memory;
  std::size_t prefix = 0;
  std::optional<std::uint64_t> offset;
};

Begun begin(std::string const& path, std::uint64_t file_size) {
  h5::Session const session;
  Handle const file = h5::open_to_read(path);
  Handle const dataset(H5Dopen2(file.get(), dataset_name, H5P_DEFAULT), "H5Dopen2");
  Handle const type(H5Dget_type(dataset.get()), "H5Dget_type");
  Begun begun{describe(dataset.get(), type.get()), {}, 0, {}};
  std::size_t const element = H5Tget_size(type.get());
  std::size_t const bytes = npy::count(begun.content.shape, element) * element;
  if (bytes != 0) begun.offset = place_of(dataset.get(), bytes, file_size);
  Bytes const prefix = prefix_of(begun.content);
  begun.prefix = prefix.size();
  begun.memory = Buffer(prefix.size() + bytes);
  if (!prefix.empty()) std::memcpy(begun.memory.data(), prefix.data(), prefix.size());
  if (bytes != 0 && !begun.offset)
    h5_check(H5Dread(dataset.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, begun.memory.data() + prefix.size()), "H5Dread");
  return begun;
}

Bytes read_whole(h5::File const& file, std::string const& path) {
  require_signature(file);
  auto begun = begin(path, file.size());
  if (begun.offset) {
    auto const rest = begun.memory.span().subspan(begun.prefix);
    require(file.read(rest, *begun.offset) == rest.size(), "its data ends behind its end");
  }
  return object_of(begun.content, std::move(begun.memory).freeze());
}

}  // namespace

Bytes read_object(h5::File const& file, std::string const& path) {
  try {
    return read_whole(file, path);
  } catch (Error const& error) {  // of HDF5, or of what the file claims
    throw CorruptObject("the object in '" + path + "' cannot be read (" + error.what() +
                        "): it is damaged, or was not written by a store");
  }
}

}  // namespace proxystore::hdf5
