/// How an object begins: an identifier line, then the payload. `BS`, `US` and `NP` are Python ProxyStore's.
///
///     BS  raw bytes
///     US  UTF-8 text
///     NP  a NumPy .npy array
///     CE  cereal portable-binary archive
///     TC  trivially copyable elements: PodHeader, then the elements as they lie in memory
///     EX  the failure of a producer, stored in place of an object: CE of {type, message, origin}
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include <proxystore/buffer.hpp>
#include <proxystore/error.hpp>
#include <proxystore/export.hpp>

namespace proxystore::wire {

inline constexpr std::string_view raw = "BS";
inline constexpr std::string_view utf8 = "US";
inline constexpr std::string_view numpy = "NP";
inline constexpr std::string_view cereal = "CE";
inline constexpr std::string_view pod = "TC";
inline constexpr std::string_view failure = "EX";

inline constexpr std::size_t tag_size = 3;  // two letters and a newline, for all of ours

/// Writes identifier and newline. REQUIRES: out.size() >= tag_size
PROXYSTORE_EXPORT void write_tag(std::span<std::byte> out, std::string_view identifier) noexcept;

struct Tagged {
  std::string_view identifier;
  Bytes payload;
};
/// Splits identifier line and payload. Throws CorruptObject if there is no such line.
PROXYSTORE_EXPORT Tagged split(Bytes const& object);
/// Where the payload begins, if the identifier is `expected`; else CorruptObject that names both and the wanted type.
PROXYSTORE_EXPORT std::size_t expect(Bytes const& object, std::string_view expected, std::string_view wanted);
/// The error for an identifier that a decoder does not take.
[[noreturn]] PROXYSTORE_EXPORT void unexpected(std::string_view identifier, std::string_view wanted);

/// An object of one tag and a copied payload: BS and US.
PROXYSTORE_EXPORT Buffer tagged_copy(std::string_view identifier, std::span<std::byte const> payload,
                                     Allocator& memory);

/// 16 bytes in front of trivially copyable elements, so that these are 16-byte aligned in an aligned object.
struct PodHeader {
  char tag[tag_size];
  char kind;  ///< i u f c (complex) b (bool) s (struct); upper case when written on a big-endian machine
  std::uint32_t element_size;
  std::uint64_t count;
};
static_assert(sizeof(PodHeader) == 16);

PROXYSTORE_EXPORT Buffer write_pods(char kind, std::uint32_t element_size, std::uint64_t count,
                                    void const* elements, Allocator& memory);
/// The elements' bytes, checked against the header. Throws CorruptObject when kind, size, count or byte order differ.
/// Valid as long as `object`.
PROXYSTORE_EXPORT std::span<std::byte const> read_pods(Bytes const& object, char kind, std::uint32_t element_size);

PROXYSTORE_EXPORT Buffer encode_failure(Failure const& failure);
/// nullopt if the object is no failure.
PROXYSTORE_EXPORT std::optional<Failure> decode_failure(Bytes const& object);

}  // namespace proxystore::wire
