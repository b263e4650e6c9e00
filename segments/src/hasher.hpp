#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace proxystore::segments {

std::uint64_t seeded_hash_of(std::span<std::byte const> bytes, std::uint64_t seed) noexcept;

/// hash_of() what comes in parts.
class Hasher {
 public:
  Hasher();
  ~Hasher();
  void add(std::span<std::byte const> bytes) noexcept;
  std::uint64_t value() const noexcept;

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

}  // namespace proxystore::segments
