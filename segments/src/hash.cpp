// A file of its own: xxHash is a thousand lines, compiled in here alone.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <proxystore/segments/format.hpp>

#include "hasher.hpp"

namespace proxystore::segments {

std::uint64_t hash_of(std::span<std::byte const> bytes) noexcept { return XXH3_64bits(bytes.data(), bytes.size()); }

std::uint64_t seeded_hash_of(std::span<std::byte const> bytes, std::uint64_t seed) noexcept {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

struct Hasher::Inside {
  XXH3_state_t state;
};

Hasher::Hasher() : inside_(std::make_unique<Inside>()) { XXH3_64bits_reset(&inside_->state); }
Hasher::~Hasher() = default;

void Hasher::add(std::span<std::byte const> bytes) noexcept {
  XXH3_64bits_update(&inside_->state, bytes.data(), bytes.size());
}

std::uint64_t Hasher::value() const noexcept { return XXH3_64bits_digest(&inside_->state); }

}  // namespace proxystore::segments
