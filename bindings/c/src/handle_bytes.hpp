/// Handles on their way to another process.
#pragma once

#include <cstddef>
#include <cstring>
#include <string>

#include <proxystore/serializer.hpp>

#include "call.hpp"

namespace proxystore::c {

/// The bytes of a future or proxy, to where the caller has room for `capacity` of them.
template <class Value>
void write_bytes(Value const& value, void* buffer, std::size_t capacity, std::size_t* size) {
  Bytes const bytes = serialize(value);
  need(size, "a place for the size") = bytes.size();
  if (capacity == 0) return;
  if (capacity < bytes.size())
    throw InvalidArgument("a handle takes " + std::to_string(bytes.size()) + " bytes, there is room for " +
                          std::to_string(capacity));
  std::memcpy(&need(static_cast<std::byte*>(buffer), "memory to write to"), bytes.data(), bytes.size());
}

template <class Value>
Value read_bytes(void const* buffer, std::size_t size) {
  auto const* const bytes = &need(static_cast<std::byte const*>(buffer), "the bytes of a handle");
  return deserialize<Value>(Bytes::copy_of({bytes, size}));
}

}  // namespace proxystore::c
