/// NumPy's .npy format 1.0 to 3.0 behind the identifier `NP`
/// (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
#pragma once

#include <bit>
#include <complex>
#include <cstddef>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include <proxystore/buffer.hpp>
#include <proxystore/export.hpp>

namespace proxystore {

/// Extents of an array, slowest first (C order). Empty: a scalar.
using Shape = std::vector<std::size_t>;

namespace npy {

/// Element type: kind as NumPy has it (b i u f c V), size in bytes.
struct Dtype {
  char kind;
  std::size_t size;
  friend bool operator==(Dtype, Dtype) = default;
};

template <class T>
inline constexpr bool is_complex = false;
template <class T>
inline constexpr bool is_complex<std::complex<T>> = true;

template <class T>
constexpr Dtype dtype_of() noexcept {
  if constexpr (std::is_same_v<T, bool>) return {'b', 1};
  else if constexpr (std::is_floating_point_v<T>) return {'f', sizeof(T)};
  else if constexpr (is_complex<T>) return {'c', sizeof(T)};
  else if constexpr (std::is_integral_v<T>) return {std::is_signed_v<T> ? 'i' : 'u', sizeof(T)};
  else return {'V', sizeof(T)};
}

/// Elements in `shape`. Throws InvalidArgument if that times `element_size` overflows.
PROXYSTORE_EXPORT std::size_t count(Shape const& shape, std::size_t element_size);

/// Bytes in front of the data: tag and header, a multiple of 64.
PROXYSTORE_EXPORT std::size_t prefix_size(Dtype dtype, Shape const& shape);
/// REQUIRES: out.size() == prefix_size(dtype, shape)
PROXYSTORE_EXPORT void write_prefix(std::span<std::byte> out, Dtype dtype, Shape const& shape);

struct Parsed {
  Dtype dtype;
  bool swapped = false;        ///< the other byte order
  bool fortran_order = false;  ///< first index fastest
  Shape shape;
  Bytes data;                  ///< exactly count(shape) elements
};
/// Throws CorruptObject for anything that is not a whole, plain array.
PROXYSTORE_EXPORT Parsed parse(Bytes const& object);

/// The data of `parsed` in C order and this machine's byte order: a view where it lies so, aligned to
/// `alignment`; else a copy. Throws CorruptObject unless the dtype is `wanted`.
PROXYSTORE_EXPORT Bytes native(Parsed const& parsed, Dtype wanted, std::size_t alignment);

}  // namespace npy
}  // namespace proxystore
