/// What every target says: bytes decode to a value or are corrupt. Any other exception ends the target, as do
/// a crash, a hang and an allocation out of all proportion.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <span>
#include <string_view>

#include <proxystore/proxystore.hpp>

#define FUZZ_REQUIRE(condition)                                            \
  do {                                                                     \
    if (!(condition)) {                                                    \
      std::fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                        \
    }                                                                      \
  } while (false)

namespace fuzz {

using namespace proxystore;

/// The input in memory of its own size, so that a read beyond its end is seen.
inline Bytes input(std::uint8_t const* data, std::size_t size) {
  Buffer buffer(size);
  if (size != 0) std::memcpy(buffer.data(), data, size);
  return std::move(buffer).freeze();
}

template <class T>
std::optional<T> decoded(Bytes const& object) {
  try {
    return deserialize<T>(object);
  } catch (CorruptObject const&) {
    return std::nullopt;
  }
}

/// What decodes encodes to something that decodes, and that is a fixed point: floating-point values that differ
/// from themselves included.
template <class T>
void round_trip(Bytes const& object) {
  auto const value = decoded<T>(object);
  if (!value) return;
  Bytes const again = serialize(*value);
  auto const second = decoded<T>(again);
  FUZZ_REQUIRE(second);
  FUZZ_REQUIRE(serialize(*second) == again);
}

}  // namespace fuzz
