/// NumPy's .npy format 1.0 to 3.0 behind the identifier `NP`
/// (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
#pragma once

#include <bit>
#include <complex>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
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

/// What stands in front of an array's data: tag and header.
class PROXYSTORE_EXPORT Prefix {
 public:
  /// Throws InvalidArgument beyond 64 dimensions.
  Prefix(Dtype dtype, std::span<std::size_t const> shape);

  /// In bytes, a multiple of 64.
  std::size_t size() const noexcept { return size_; }
  std::span<std::byte const> bytes() const noexcept { return std::as_bytes(std::span(text_, size_)); }

 private:
  static constexpr std::size_t max_rank = 64;  // as NumPy 2
  static constexpr std::size_t digits = 20;    // of 2^64 - 1

  void add(std::string_view words) noexcept;
  void add(std::size_t number) noexcept;

  std::size_t size_ = 0;
  char text_[192 + max_rank * (digits + 2)];
};

/// The whole object of an array whose data are `elements`.
PROXYSTORE_EXPORT Buffer encode(Dtype dtype, std::span<std::size_t const> shape, std::span<std::byte const> elements,
                                Allocator& memory);

struct Parsed {
  Dtype dtype;
  bool swapped = false;        ///< the other byte order
  bool fortran_order = false;  ///< first index fastest
  Shape shape;
  Bytes data;                  ///< exactly count(shape) elements
};
/// Throws CorruptObject for anything that is not a whole, plain array.
PROXYSTORE_EXPORT Parsed parse(Bytes const& object);

/// The data of an array of one dimension and of `wanted`, not bool, whose header is as Prefix and NumPy write it:
/// what parse() and native() would find, sooner. nullopt: it is another array, or none. Valid as long as `object`.
PROXYSTORE_EXPORT std::optional<std::span<std::byte const>> vector_data(Bytes const& object, Dtype wanted) noexcept;

/// The data of `parsed` in C order and this machine's byte order: a view where it lies so, aligned to
/// `alignment`; else a copy. Throws CorruptObject unless the dtype is `wanted`.
PROXYSTORE_EXPORT Bytes native(Parsed const& parsed, Dtype wanted, std::size_t alignment);

}  // namespace npy
}  // namespace proxystore
