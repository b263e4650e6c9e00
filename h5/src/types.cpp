#include <proxystore/h5/types.hpp>

#include <bit>
#include <cstdint>

namespace proxystore::h5 {
namespace {

constexpr bool big_endian = std::endian::native == std::endian::big;

Handle copy(hid_t type) { return {H5Tcopy(type), "H5Tcopy"}; }

Handle ordered(Handle type, bool swapped) {
  h5_check(H5Tset_order(type.get(), swapped != big_endian ? H5T_ORDER_BE : H5T_ORDER_LE), "H5Tset_order");
  return type;
}

std::optional<Handle> integer(Element element) {
  bool const with_sign = element.dtype.kind == 'i';
  switch (element.dtype.size) {
    case 1: return ordered(copy(with_sign ? H5T_STD_I8LE : H5T_STD_U8LE), element.swapped);
    case 2: return ordered(copy(with_sign ? H5T_STD_I16LE : H5T_STD_U16LE), element.swapped);
    case 4: return ordered(copy(with_sign ? H5T_STD_I32LE : H5T_STD_U32LE), element.swapped);
    case 8: return ordered(copy(with_sign ? H5T_STD_I64LE : H5T_STD_U64LE), element.swapped);
    default: return std::nullopt;
  }
}

/// IEEE 754 binary16: sign at bit 15, 5 bits of exponent with bias 15, 10 of mantissa.
Handle half() {
  Handle type = copy(H5T_IEEE_F32LE);
  h5_check(H5Tset_fields(type.get(), 15, 10, 5, 0, 10), "H5Tset_fields");
  h5_check(H5Tset_size(type.get(), 2), "H5Tset_size");
  h5_check(H5Tset_ebias(type.get(), 15), "H5Tset_ebias");
  return type;
}

std::optional<Handle> real(Element element) {
  switch (element.dtype.size) {
    case 2: return ordered(half(), element.swapped);
    case 4: return ordered(copy(H5T_IEEE_F32LE), element.swapped);
    case 8: return ordered(copy(H5T_IEEE_F64LE), element.swapped);
    default:
      if (element.dtype.size != sizeof(long double) || element.swapped) return std::nullopt;
      return copy(H5T_NATIVE_LDOUBLE);
  }
}

std::optional<Handle> boolean() {
  Handle type(H5Tenum_create(H5T_STD_I8LE), "H5Tenum_create");
  for (std::int8_t const value : {std::int8_t{0}, std::int8_t{1}})
    h5_check(H5Tenum_insert(type.get(), value == 0 ? "FALSE" : "TRUE", &value), "H5Tenum_insert");
  return type;
}

std::optional<Handle> complex(Element element) {
  std::size_t const part = element.dtype.size / 2;
  auto const parts = part < 4 ? std::nullopt : real({{'f', part}, element.swapped});
  if (!parts) return std::nullopt;
  Handle type(H5Tcreate(H5T_COMPOUND, element.dtype.size), "H5Tcreate");
  h5_check(H5Tinsert(type.get(), "r", 0, parts->get()), "H5Tinsert");
  h5_check(H5Tinsert(type.get(), "i", part, parts->get()), "H5Tinsert");
  return type;
}

/// Without a tag: between tags that differ, HDF5 converts nothing, and h5py has none.
std::optional<Handle> record(std::size_t size) { return Handle(H5Tcreate(H5T_OPAQUE, size), "H5Tcreate"); }

std::optional<char> kind_of(hid_t type) {
  switch (H5Tget_class(type)) {
    case H5T_INTEGER: return H5Tget_sign(type) == H5T_SGN_NONE ? 'u' : 'i';
    case H5T_FLOAT: return 'f';
    case H5T_ENUM: return 'b';
    case H5T_COMPOUND: return 'c';
    case H5T_OPAQUE: return 'V';
    default: return std::nullopt;
  }
}

}  // namespace

std::optional<Handle> type_of(Element element) {
  switch (element.dtype.kind) {
    case 'b': return element.dtype.size == 1 ? boolean() : std::nullopt;
    case 'i':
    case 'u': return integer(element);
    case 'f': return real(element);
    case 'c': return complex(element);
    case 'V': return record(element.dtype.size);
    default: return std::nullopt;
  }
}

std::optional<Element> element_of(hid_t type) {
  auto const kind = kind_of(type);
  std::size_t const size = H5Tget_size(type);
  if (!kind || size == 0) return std::nullopt;
  for (bool const swapped : {false, true}) {
    Element const element{{*kind, size}, swapped};
    auto const made = type_of(element);
    if (made && h5_check(H5Tequal(type, made->get()), "H5Tequal") > 0) return element;
  }
  return std::nullopt;
}

}  // namespace proxystore::h5
