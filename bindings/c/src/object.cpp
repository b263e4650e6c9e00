#include "object.hpp"

#include <algorithm>
#include <cstring>
#include <string>

#include <proxystore/detail/wire.hpp>
#include <proxystore/error.hpp>

namespace proxystore::c {
namespace {

std::size_t bytes_in(int type, Shape const& shape) {
  auto const element = proxystore_type_size(type);
  return npy::count(shape, element) * element;
}

}  // namespace

Object Object::borrow(int type, void const* data, int rank, std::size_t const* shape) {
  Object object(type, shape_of(type, rank, shape));
  auto const size = bytes_in(type, object.shape_);
  if (size > 0 && !data) throw InvalidArgument("data is needed, this pointer is NULL");
  std::span const bytes(static_cast<std::byte const*>(data), size);
  if (type == PROXYSTORE_BOOL && std::any_of(bytes.begin(), bytes.end(), [](std::byte b) { return b > std::byte{1}; }))
    throw InvalidArgument("an array of BOOL has other bytes than 0 and 1");
  object.memory_ = Bytes(bytes, nullptr);
  return object;
}

Object Object::allocate(int type, int rank, std::size_t const* shape, Allocator& memory) {
  Object object(type, shape_of(type, rank, shape));
  auto const dtype = dtype_of(type);
  if (!dtype) throw InvalidArgument(std::string(proxystore_type_name(type)) + " cannot be allocated (only arrays can)");
  npy::Prefix const prefix(*dtype, object.shape_);
  object.prefix_ = prefix.size();
  Buffer buffer = memory.allocate(prefix.size() + bytes_in(type, object.shape_));
  std::memcpy(buffer.data(), prefix.bytes().data(), prefix.size());
  object.memory_ = std::move(buffer);
  return object;
}

proxystore_view Object::view() const noexcept {
  auto const* buffer = std::get_if<Buffer>(&memory_);
  auto const bytes = buffer ? buffer->span().subspan(prefix_) : std::get<Bytes>(memory_).span();
  return {bytes.data(), bytes.size(), type_, static_cast<int>(shape_.size()), shape_.data()};
}

void* Object::writable() noexcept {
  auto* buffer = std::get_if<Buffer>(&memory_);
  return buffer ? buffer->data() + prefix_ : nullptr;
}

void Object::read(int type, void* data, std::size_t size) const {
  auto const here = view();
  if (type != type_)
    throw InvalidArgument(std::string("the object is ") + proxystore_type_name(type_) + ", it was asked for as " +
                          proxystore_type_name(type));
  if (size != here.size)
    throw InvalidArgument("the object has " + std::to_string(here.size) + " bytes, there is room for " +
                          std::to_string(size) + " (ask for its view to learn its shape)");
  if (size > 0 && !data) throw InvalidArgument("memory to read into is needed, this pointer is NULL");
  if (size > 0) std::memcpy(data, here.data, size);
}

}  // namespace proxystore::c

namespace proxystore {

using c::Object;

Buffer Serializer<Object>::encode(Object const& object, Allocator& memory) {
  auto const view = object.view();
  std::span const data(static_cast<std::byte const*>(view.data), view.size);
  if (view.type == PROXYSTORE_BYTES) return wire::tagged_copy(wire::raw, data, memory);
  if (view.type == PROXYSTORE_TEXT) return wire::tagged_copy(wire::utf8, data, memory);
  auto copy = Object::allocate(view.type, view.rank, view.shape, memory);
  if (view.size > 0) std::memcpy(copy.writable(), view.data, view.size);
  return std::get<Buffer>(std::move(copy.memory_));
}

Buffer Serializer<Object>::encode(Object&& object, Allocator& memory) {
  auto* buffer = std::get_if<Buffer>(&object.memory_);
  return buffer ? std::move(*buffer) : encode(std::as_const(object), memory);
}

namespace {

/// What a number of C++ is: no array, but one element behind its header. Throws CorruptObject for anything else of TC.
std::pair<npy::Dtype, Bytes> number(Bytes const& object) {
  wire::PodHeader header{};
  if (object.size() >= sizeof header) std::memcpy(&header, object.data(), sizeof header);
  auto const kind = static_cast<char>(header.kind | 0x20);  // whichever byte order
  auto const type = c::type_of({kind, static_cast<std::size_t>(object.size() - sizeof header)});
  if (object.size() < sizeof header || !type)
    throw CorruptObject(
        "an object is a struct of C++, or several (only bytes, text, numbers and arrays of them have a type in C)");
  auto const dtype = *c::dtype_of(*type);
  auto const data = wire::read_pods(object, kind, static_cast<std::uint32_t>(dtype.size));
  return {dtype, Bytes::copy_of(data)};
}

}  // namespace

Object Serializer<Object>::decode(Bytes const& bytes) {
  auto const [identifier, payload] = wire::split(bytes);
  if (identifier == wire::raw || identifier == wire::utf8) {
    Object object(identifier == wire::raw ? PROXYSTORE_BYTES : PROXYSTORE_TEXT, {payload.size()});
    object.memory_ = payload;
    return object;
  }
  if (identifier == wire::pod) {
    auto [dtype, data] = number(bytes);
    Object object(*c::type_of(dtype), {});
    object.memory_ = std::move(data);
    return object;
  }
  if (identifier != wire::numpy) wire::unexpected(identifier, "bytes, text or an array");
  auto parsed = npy::parse(bytes);
  auto const type = c::type_of(parsed.dtype);
  if (!type)
    throw CorruptObject(std::string("an array of ") + parsed.dtype.kind + std::to_string(parsed.dtype.size) +
                        " has no type in C");
  auto const alignment = parsed.dtype.kind == 'c' ? parsed.dtype.size / 2 : parsed.dtype.size;
  auto data = npy::native(parsed, parsed.dtype, alignment);
  Object object(*type, std::move(parsed.shape));
  object.memory_ = std::move(data);
  return object;
}

}  // namespace proxystore
