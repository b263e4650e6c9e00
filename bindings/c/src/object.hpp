/// An object as C sees it: bytes, text or an array, whose type is known when it is there.
#pragma once

#include <variant>

#include <proxystore/serializer.hpp>

#include "type.hpp"

namespace proxystore::c {

class Object {
 public:
  /// A view of the caller's memory, which stays while this is used. Throws InvalidArgument.
  static Object borrow(int type, void const* data, int rank, std::size_t const* shape);
  /// An array in memory from `memory`, uninitialised. Throws InvalidArgument, StoreFull, std::bad_alloc.
  static Object allocate(int type, int rank, std::size_t const* shape, Allocator& memory);

  proxystore_view view() const noexcept;
  /// Of an array that was allocated, else null.
  void* writable() noexcept;
  /// Copies the elements. Throws InvalidArgument unless it is of this type and size in bytes.
  void read(int type, void* data, std::size_t size) const;

 private:
  friend struct Serializer<Object>;
  Object(int type, Shape shape) : type_(type), shape_(std::move(shape)) {}

  int type_;
  Shape shape_;
  std::size_t prefix_ = 0;  // bytes of wire header in front of the data, in a Buffer
  std::variant<Bytes, Buffer> memory_;
};

}  // namespace proxystore::c

namespace proxystore {

/// BS, US and NP, and of TC single numbers.
template <>
struct Serializer<c::Object> {
  static Buffer encode(c::Object const& object, Allocator& memory);
  static Buffer encode(c::Object&& object, Allocator& memory);
  static c::Object decode(Bytes const& bytes);
};

}  // namespace proxystore
