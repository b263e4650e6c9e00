#include <proxystore/key.hpp>

#include <array>
#include <cstdint>
#include <random>

namespace proxystore {
namespace {

/// 128 random bits from the operating system seed a generator per thread.
std::mt19937_64& generator() {
  thread_local std::mt19937_64 engine = [] {
    std::random_device device;
    std::array<std::uint32_t, 16> seed{};
    for (auto& word : seed) word = device();
    std::seed_seq sequence(seed.begin(), seed.end());
    return std::mt19937_64(sequence);
  }();
  return engine;
}

}  // namespace

Key make_uuid_key() {
  auto& random = generator();
  std::uint64_t high = random(), low = random();
  high = (high & ~0xf000ULL) | 0x4000ULL;                       // version 4, RFC 9562 section 5.4
  low = (low & ~(0xc000ULL << 48U)) | (0x8000ULL << 48U);       // variant 10
  constexpr char digits[] = "0123456789abcdef";
  std::string text(36, '-');
  std::size_t at = 0;
  for (int i = 0; i < 32; ++i) {
    if (i == 8 || i == 12 || i == 16 || i == 20) ++at;
    std::uint64_t& half = i < 16 ? high : low;
    text[at++] = digits[half >> 60U];
    half <<= 4U;
  }
  return Key(std::move(text));
}

}  // namespace proxystore
