/// @file
/// How objects become bytes. Specialise Serializer<T> for a format of your own.
#pragma once

#include <concepts>
#include <cstddef>
#include <exception>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <typeinfo>
#include <vector>

#include <proxystore/array.hpp>
#include <proxystore/buffer.hpp>
#include <proxystore/detail/cereal.hpp>
#include <proxystore/detail/wire.hpp>
#include <proxystore/error.hpp>

namespace proxystore {

/// encode: the whole object, identifier first, in memory from `memory` where its size is known beforehand.
/// decode: may keep a share of `object` (a view). Throws CorruptObject; never trusts a length or a count.
template <class T>
struct Serializer;

/// The bytes of any serializable value, to be sent by other means: a proxy, a future, a vector of them.
template <class T>
Bytes serialize(T const& value) {
  return Serializer<T>::encode(value, heap()).freeze();
}
/// The value of what serialize() made. Throws CorruptObject.
template <class T>
T deserialize(Bytes const& object) {
  return Serializer<T>::decode(object);
}

namespace detail {

template <class T>
concept Number = std::is_arithmetic_v<T> || npy::is_complex<T>;

template <class T>
inline constexpr bool is_view_type = false;
template <class T, std::size_t N>
inline constexpr bool is_view_type<std::span<T, N>> = true;
template <class C, class Traits>
inline constexpr bool is_view_type<std::basic_string_view<C, Traits>> = true;

/// Bytes that mean the same in another process. A pointer or view inside a struct cannot be seen from here.
template <class T>
concept Pod = std::is_trivially_copyable_v<T> && alignof(T) <= Bytes::inline_alignment && !std::is_array_v<T> && !std::is_pointer_v<T> && !std::is_member_pointer_v<T> &&
              !std::is_null_pointer_v<T> && !is_view_type<T> &&
              (Number<T> || std::is_enum_v<T> || !CerealSerializable<T>);

template <class T>
constexpr char pod_kind() noexcept {
  if constexpr (std::is_enum_v<T>) return pod_kind<std::underlying_type_t<T>>();
  else if constexpr (Number<T>) return npy::dtype_of<T>().kind;
  else return 's';
}

/// From bytes at any address.
template <class T>
std::vector<T> vector_of(std::span<std::byte const> data) {
  if (reinterpret_cast<std::uintptr_t>(data.data()) % alignof(T) == 0) {
    auto const* first = reinterpret_cast<T const*>(data.data());
    return {first, first + data.size() / sizeof(T)};
  }
  Bytes const aligned = Bytes::copy_of(data);
  auto const* first = reinterpret_cast<T const*>(aligned.data());
  return {first, first + data.size() / sizeof(T)};
}

}  // namespace detail

/// Raw bytes, copied on both ways.
template <>
struct PROXYSTORE_EXPORT Serializer<std::vector<std::byte>> {
  static Buffer encode(std::vector<std::byte> const& value, Allocator& memory);
  static std::vector<std::byte> decode(Bytes const& object);
};

/// Raw bytes that stay where they are: decoding is a view.
template <>
struct PROXYSTORE_EXPORT Serializer<Bytes> {
  static Buffer encode(Bytes const& value, Allocator& memory);
  static Bytes decode(Bytes const& object);
};

/// UTF-8 text; what is in it is not checked.
template <>
struct PROXYSTORE_EXPORT Serializer<std::string> {
  static Buffer encode(std::string const& value, Allocator& memory);
  static std::string decode(Bytes const& object);
};

/// NumPy's .npy. What lies in the store's memory is published as it is; decoding is a view.
template <class T>
struct Serializer<Array<T>> {
  static Buffer encode(Array<T> const& value, Allocator& memory) {
    require_elements(value);
    return npy::encode(Array<T>::dtype(), value.shape(), std::as_bytes(value.span()), memory);
  }
  static Buffer encode(Array<T>&& value, Allocator& memory) {
    if (value.is_view()) return encode(std::as_const(value), memory);
    require_elements(value);
    return std::move(value).release();
  }
  static Array<T> decode(Bytes const& object) {
    npy::Parsed parsed = npy::parse(object);
    Bytes data = npy::native(parsed, Array<T>::dtype(), alignof(T));
    return Array<T>(std::move(parsed.shape), std::move(data));
  }

 private:
  static void require_elements(Array<T> const& value) {
    if (value.size() != npy::count(value.shape(), sizeof(T)))
      throw InvalidArgument("this array cannot be stored (it was moved away)");
  }
};

/// Numbers travel as a one-dimensional NumPy array, other trivially copyable elements as TC.
template <class T>
  requires(detail::Pod<T> && !std::same_as<T, bool> && !std::same_as<T, std::byte>)
struct Serializer<std::vector<T>> {
  static Buffer encode(std::vector<T> const& value, Allocator& memory) {
    if constexpr (detail::Number<T>) {
      std::size_t const shape[] = {value.size()};
      return npy::encode(npy::dtype_of<T>(), shape, std::as_bytes(std::span(value)), memory);
    } else {
      return wire::write_pods(detail::pod_kind<T>(), sizeof(T), value.size(), value.data(), memory);
    }
  }
  static std::vector<T> decode(Bytes const& object) {
    if constexpr (detail::Number<T>) {
      if (auto const data = npy::vector_data(object, npy::dtype_of<T>())) return detail::vector_of<T>(*data);
      auto const parsed = npy::parse(object);
      if (parsed.shape.size() != 1)
        throw CorruptObject("a std::vector needs an array of one dimension, this one has " +
                            std::to_string(parsed.shape.size()));
      return detail::vector_of<T>(npy::native(parsed, npy::dtype_of<T>(), alignof(T)).span());
    } else {
      return detail::vector_of<T>(wire::read_pods(object, detail::pod_kind<T>(), sizeof(T)));
    }
  }
};

/// Numbers, enumerations, and structs of them without a cereal serialize function.
template <detail::Pod T>
struct Serializer<T> {
  static Buffer encode(T const& value, Allocator& memory) {
    return wire::write_pods(detail::pod_kind<T>(), sizeof(T), 1, &value, memory);
  }
  static T decode(Bytes const& object) {
    if (detail::Number<T> && object.text().starts_with("NP\n"))  // NumPy's zero-dimensional array
      return one(npy::native(npy::parse(object), npy::dtype_of<T>(), 1).span());
    return one(wire::read_pods(object, detail::pod_kind<T>(), sizeof(T)));
  }

 private:
  static T one(std::span<std::byte const> data) {
    if (data.size() != sizeof(T)) throw CorruptObject("one element expected, the object has another number");
    if constexpr (std::is_same_v<T, bool>) {
      return data[0] != std::byte{0};
    } else {
      alignas(T) std::byte raw[sizeof(T)];
      std::memcpy(raw, data.data(), sizeof(T));
      return *std::launder(reinterpret_cast<T*>(raw));
    }
  }
};

/// Everything with a cereal serialize (or save and load), and the standard containers.
template <class T>
  requires(detail::CerealSerializable<T> && !detail::Pod<T> && !std::is_array_v<T> && !std::is_pointer_v<T>)
struct Serializer<T> {
  static Buffer encode(T const& value, Allocator& memory) {
    std::vector<std::byte> out;
    out.reserve(256);  // a proxy has about 150 bytes
    out.resize(wire::tag_size);
    wire::write_tag(out, wire::cereal);
    {
      detail::PortableWriter archive(out);
      archive(value);
    }
    Buffer object = memory.allocate(out.size());
    std::memcpy(object.data(), out.data(), out.size());
    return object;
  }
  static T decode(Bytes const& object) {
    static_assert(std::is_default_constructible_v<T>, "cereal fills an object that exists: give T a default constructor");
    auto const payload = object.span().subspan(wire::expect(object, wire::cereal, typeid(T).name()));
    try {
      detail::PortableReader archive(payload);
      T value;
      archive(value);
      if (archive.remaining() != 0) throw CorruptObject("a cereal archive has bytes after its value");
      return value;
    } catch (Error const&) {
      throw;
    } catch (std::exception const& error) {
      throw CorruptObject(std::string("a cereal archive cannot be read (") + error.what() + ")");
    }
  }
};

/// Can be put into a store.
template <class T>
concept Serializable = requires(T const& value, Allocator& memory, Bytes const& object) {
  { Serializer<T>::encode(value, memory) } -> std::same_as<Buffer>;
  { Serializer<T>::decode(object) } -> std::same_as<T>;
};

}  // namespace proxystore
