#include "content.hpp"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <utility>

#include <hdf5.h>

#include <proxystore/detail/wire.hpp>
#include <proxystore/error.hpp>

namespace proxystore::hdf5 {
namespace {

constexpr std::size_t longest_header = 4096, longest_identifier = 15;

Bytes canonical_prefix(npy::Dtype dtype, Shape const& shape) {
  return Bytes::copy_of(npy::Prefix(dtype, shape).bytes());
}

/// A whole array, or nothing. Whoever put it may put anything.
std::optional<npy::Parsed> parse(Bytes const& object) {
  try {
    if (object.text().starts_with("NP\n")) return npy::parse(object);
  } catch (CorruptObject const&) {  // no array then
  }
  return std::nullopt;
}

/// Fortran's order as C's and this machine's bytes, or back: both turn the axes, and swap what is swapped.
Bytes turned(npy::Parsed parsed) {
  if (parsed.dtype.kind == 'b') parsed.dtype.kind = 'u';  // whatever bytes they are
  return npy::native(parsed, parsed.dtype, 1);
}

}  // namespace

Content content_of(Bytes const& object) {
  auto const parsed = parse(object);
  if (!parsed || parsed->shape.size() > H5S_MAX_RANK) return opaque_content_of(object);
  bool const turn = parsed->fortran_order;
  h5::Element const element{parsed->dtype, parsed->swapped && !turn};
  auto const prefix = object.slice(0, object.size() - parsed->data.size());
  if (prefix.size() > longest_header) return opaque_content_of(object);
  bool const canonical = prefix == canonical_prefix(parsed->dtype, parsed->shape);
  return {std::string(wire::numpy), element, parsed->shape, canonical ? Bytes() : prefix,
          turn ? turned(*parsed) : parsed->data};
}

Content opaque_content_of(Bytes const& object) {
  auto const text = object.text();
  auto const end = text.substr(0, longest_identifier + 1).find('\n');
  bool const named = end != std::string_view::npos && end > 0 && text.substr(0, end) != wire::numpy &&
                     std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(end),
                                 [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; });
  Bytes const data = named ? object.slice(end + 1) : object;
  return {std::string(text.substr(0, named ? end : 0)), std::nullopt, {data.size()}, {}, data};
}

Bytes prefix_of(Content const& content) {
  if (content.element) {
    if (!content.header.empty()) return content.header;
    return canonical_prefix(content.element->dtype, content.shape);
  }
  return content.identifier.empty() ? Bytes() : Bytes::copy_of(content.identifier + '\n');
}

Bytes object_of(Content const& content, Bytes object) {
  if (!content.element || content.header.empty()) return object;
  auto parsed = npy::parse(object);  // the header is not ours: does it tell the same as the dataset?
  Shape const shape = parsed.shape;
  if (parsed.dtype != content.element->dtype || shape != content.shape)
    throw CorruptObject("its .npy header does not describe its dataset");
  if (!parsed.fortran_order) return object;
  std::reverse(parsed.shape.begin(), parsed.shape.end());
  Bytes const data = turned(parsed);
  Buffer whole(object.size());
  auto const prefix = object.size() - data.size();
  std::memcpy(whole.data(), object.data(), prefix);
  if (!data.empty()) std::memcpy(whole.data() + prefix, data.data(), data.size());
  return std::move(whole).freeze();
}

}  // namespace proxystore::hdf5
