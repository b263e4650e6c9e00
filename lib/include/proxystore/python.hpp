/// @file
/// Proxies and futures to and from Python ProxyStore 1.0, as its pickles.
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <proxystore/array.hpp>
#include <proxystore/buffer.hpp>
#include <proxystore/detail/reference.hpp>
#include <proxystore/export.hpp>
#include <proxystore/future.hpp>
#include <proxystore/pickle.hpp>
#include <proxystore/proxy.hpp>
#include <proxystore/serializer.hpp>

namespace proxystore {

/// How Python is to use what it gets.
struct PythonOptions {
  /// How often a consumer in Python looks for the object of a future, since nothing wakes it.
  std::chrono::duration<double> polling_interval = std::chrono::milliseconds(100);
};

/// Whether Python ProxyStore's own serializer reads what a T is stored as. Specialise it for a Serializer of your own
/// that writes such bytes.
template <class T>
inline constexpr bool python_reads = false;
template <>
inline constexpr bool python_reads<std::string> = true;  ///< as str
template <>
inline constexpr bool python_reads<std::vector<std::byte>> = true;  ///< as bytes
template <>
inline constexpr bool python_reads<Bytes> = true;  ///< as bytes
template <>
inline constexpr bool python_reads<pickle::Value> = true;  ///< as what it is
template <detail::Number T>
inline constexpr bool python_reads<Array<T>> = true;  ///< as numpy.ndarray
template <detail::Number T>
  requires(!std::same_as<T, bool>)
inline constexpr bool python_reads<std::vector<T>> = true;  ///< as numpy.ndarray

namespace detail {

enum class PythonKind { proxy, future };

PROXYSTORE_EXPORT Bytes write_python(Reference const& reference, PythonKind as, PythonOptions const& options);
/// Throws CorruptObject if it is another kind or none, UnknownStore.
PROXYSTORE_EXPORT Reference read_python(Bytes const& pickle, PythonKind expected);

/// What is in a proxy or future: it serializes as nothing else.
template <class T>
Reference reference_of(T const& proxy_or_future) {
  return deserialize<Reference>(serialize(proxy_or_future));
}

}  // namespace detail

/// A pickle that Python's `pickle.loads` makes a proxystore Proxy of, in any process that can import proxystore. Its
/// store is found there by its name, or made from the connector's config: Redis (database 0, neither user, password
/// nor TLS), File and Endpoint. Throws ConfigError, naming the connector, for any other.
template <class T>
Bytes to_python(Proxy<T> const& proxy, PythonOptions const& options = {}) {
  static_assert(python_reads<T>, "Python cannot read what a T is stored as; use text, bytes, arrays or pickle::Value");
  return detail::write_python(detail::reference_of(proxy), detail::PythonKind::proxy, options);
}
/// The same for a Future, which Python may set, or wait for.
template <class T>
Bytes to_python(Future<T> const& future, PythonOptions const& options = {}) {
  static_assert(python_reads<T>, "Python cannot read what a T is stored as; use text, bytes, arrays or pickle::Value");
  return detail::write_python(detail::reference_of(future), detail::PythonKind::future, options);
}

/// The proxy in `pickle.dumps(proxy)` of Python ProxyStore: P is a Proxy<T>, or a Future<T> for `pickle.dumps(future)`.
/// Its store is the open one of that name, if its connector is of the same kind, or is made from the config at the first
/// use. The object must be what P says. Nothing in the pickle is called. Throws CorruptObject if the pickle holds
/// anything else, or a serializer of its own; UnknownStore for a connector that there is only in Python.
template <class P>
P from_python(Bytes const& pickle) {
  constexpr bool is_future = std::same_as<P, Future<typename P::value_type>>;
  static_assert(is_future || std::same_as<P, Proxy<typename P::value_type>>, "from_python makes a Proxy or a Future");
  return deserialize<P>(
      serialize(detail::read_python(pickle, is_future ? detail::PythonKind::future : detail::PythonKind::proxy)));
}

}  // namespace proxystore
