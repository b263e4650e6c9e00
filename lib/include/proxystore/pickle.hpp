/// @file
/// Values of Python: what a C++ program can make and take of that which Python's pickle carries.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <proxystore/array.hpp>
#include <proxystore/buffer.hpp>
#include <proxystore/detail/npy.hpp>
#include <proxystore/detail/wire.hpp>
#include <proxystore/error.hpp>
#include <proxystore/export.hpp>
#include <proxystore/serializer.hpp>

/// Values of Python.
namespace proxystore::pickle {

class Value;
/// A list of Python.
using List = std::vector<Value>;

/// A tuple of Python: a List that another type holds.
struct PROXYSTORE_EXPORT Tuple {
  Tuple() = default;
  Tuple(std::initializer_list<Value> values);
  explicit Tuple(std::vector<Value> values) noexcept;
  bool operator==(Tuple const& other) const;

  std::vector<Value> items;
};

/// In the order of the pickle; equal if they hold the same in the same order.
struct PROXYSTORE_EXPORT Set {
  Set() = default;
  Set(std::initializer_list<Value> values);
  explicit Set(std::vector<Value> values) noexcept;
  bool operator==(Set const& other) const;

  std::vector<Value> items;
};

/// In order of insertion, as Python has it. Keys of any type; that they are hashable and distinct is not checked.
struct PROXYSTORE_EXPORT Dict {
  Dict() = default;
  Dict(std::initializer_list<std::pair<Value, Value>> values);
  bool operator==(Dict const& other) const;
  /// Null if there is no such key.
  Value const* find(std::string_view key) const;

  std::vector<std::pair<Value, Value>> items;
};

/// A numpy.ndarray of booleans, integers, floating-point or complex numbers.
struct PROXYSTORE_EXPORT NdArray {
  npy::Dtype dtype{'f', 8};
  Shape shape{0};
  Bytes data;  ///< in C order and this machine's byte order

  template <class T>
  static NdArray of(Array<T> const& array) {
    return {Array<T>::dtype(), array.shape(), Bytes::copy_of(std::as_bytes(array.span()))};
  }
  /// Throws CorruptObject if its elements are no T.
  template <class T>
  Array<T> as() const {
    return Array<T>(shape, npy::native({dtype, false, false, shape, data}, Array<T>::dtype(), alignof(T)));
  }
  friend bool operator==(NdArray const&, NdArray const&) = default;
};

/// None, bool, int (of 64 bits), float, str, bytes, list, tuple, dict, set or numpy.ndarray.
///
///     Value const run = Dict{{"name", "crack"}, {"steps", 500}, {"strain", List{0.01, 0.02}}};
///     run["steps"].get<std::int64_t>();
class PROXYSTORE_EXPORT Value {
 public:
  Value() = default;  ///< None
  Value(std::same_as<bool> auto value) : data_(value) {}
  /// Throws InvalidArgument beyond 64 bits with a sign.
  template <std::integral T>
    requires(!std::same_as<T, bool>)
  Value(T value) : data_(checked(value)) {}
  template <std::floating_point T>
  Value(T value) : data_(static_cast<double>(value)) {}
  Value(char const* text) : data_(std::string(text)) {}
  Value(std::string_view text) : data_(std::string(text)) {}
  Value(std::string text) : data_(std::move(text)) {}
  Value(std::vector<std::byte> bytes) : data_(std::move(bytes)) {}
  Value(List items) : data_(std::move(items)) {}
  Value(Tuple items) : data_(std::move(items)) {}
  Value(Set items) : data_(std::move(items)) {}
  Value(Dict items) : data_(std::move(items)) {}
  Value(NdArray array) : data_(std::make_shared<NdArray const>(std::move(array))) {}
  template <class T>
  Value(Array<T> const& array) : Value(NdArray::of(array)) {}

  bool is_none() const noexcept { return std::holds_alternative<std::monostate>(data_); }
  /// T: bool, std::int64_t, double, std::string, std::vector<std::byte>, List, Tuple, Set, Dict or NdArray.
  template <class T>
  bool is() const noexcept {
    return std::holds_alternative<Held<T>>(data_);
  }
  /// Throws InvalidArgument, naming both types, if it is another.
  template <class T>
  T const& get() const {
    auto const* const held = std::get_if<Held<T>>(&data_);
    if (!held) throw_other(Value(T()).type());
    if constexpr (std::same_as<T, NdArray>) return **held;
    else return *held;
  }
  /// What Python calls its type: "int", "numpy.ndarray".
  std::string_view type() const noexcept;

  /// Of a list or tuple. Throws InvalidArgument beyond its end.
  Value const& operator[](std::size_t index) const;
  /// Of a dict. Throws InvalidArgument, naming the key, if it has none such.
  Value const& operator[](std::string_view key) const;
  /// Items of a list, tuple, set or dict.
  std::size_t size() const;

  bool operator==(Value const& other) const;

 private:
  using Shared = std::shared_ptr<NdArray const>;
  template <class T>
  using Held = std::conditional_t<std::same_as<T, NdArray>, Shared, T>;

  template <std::integral T>
  static std::int64_t checked(T value) {
    if (!std::in_range<std::int64_t>(value))
      throw InvalidArgument(std::to_string(value) + " cannot be an int of Python here (it has more than 64 bits with a "
                            "sign) pass it as a double or as text");
    return static_cast<std::int64_t>(value);
  }
  [[noreturn]] void throw_other(std::string_view wanted) const;

  std::variant<std::monostate, bool, std::int64_t, double, std::string, std::vector<std::byte>, List, Tuple, Set, Dict,
               Shared>
      data_;
};

/// A pickle, protocol 5, that any Python 3.8 or newer reads; arrays need its NumPy.
PROXYSTORE_EXPORT std::vector<std::byte> dump(Value const& value);
/// Reads a pickle, protocol 2 to 5. Nothing in it is ever called. Throws CorruptObject for a damaged one, one of a type
/// that Value has not, which is named, and one beyond these limits: 200 values deep, 2^22 values.
PROXYSTORE_EXPORT Value load(Bytes const& pickle);

}  // namespace proxystore::pickle

/// As Python ProxyStore's own serializer has it: bytes under BS, text under US, arrays under NP, all else under PK.
template <>
struct PROXYSTORE_EXPORT proxystore::Serializer<proxystore::pickle::Value> {
  static Buffer encode(pickle::Value const& value, Allocator& memory);
  static pickle::Value decode(Bytes const& object);
};
