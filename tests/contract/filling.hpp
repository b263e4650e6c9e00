/// Repeatable contents of any size.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include <proxystore/buffer.hpp>

namespace contract {

using proxystore::Buffer;

/// The i-th of a repeatable row of words.
inline std::uint64_t word(std::uint64_t seed, std::uint64_t i) { return (seed + 1) * 0x9E3779B97F4A7C15U ^ i; }

inline void fill(std::span<std::byte> out, std::uint64_t seed) {
  for (std::size_t at = 0; at < out.size(); at += sizeof(std::uint64_t)) {
    auto const w = word(seed, at);
    std::memcpy(out.data() + at, &w, std::min(sizeof w, out.size() - at));
  }
}

inline bool is_filled(std::span<std::byte const> in, std::uint64_t seed) {
  for (std::size_t at = 0; at < in.size(); at += sizeof(std::uint64_t)) {
    auto const w = word(seed, at);
    if (std::memcmp(in.data() + at, &w, std::min(sizeof w, in.size() - at)) != 0) return false;
  }
  return true;
}

inline Buffer filled(std::size_t size, std::uint64_t seed) {
  Buffer buffer(size);
  fill(buffer.span(), seed);
  return buffer;
}

}  // namespace contract
