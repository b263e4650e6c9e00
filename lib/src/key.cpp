#include <proxystore/key.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <pthread.h>
#include <random>

namespace proxystore {
namespace {

std::atomic<unsigned> forks{0};

std::mt19937_64 seeded() {
  std::random_device device;
  std::array<std::uint32_t, 16> seed{};
  for (auto& word : seed) word = device();
  std::seed_seq sequence(seed.begin(), seed.end());
  return std::mt19937_64(sequence);
}

/// Random bits from the operating system seed a generator per thread, and anew in a child of fork(), which would
/// else make its parent's keys again.
std::mt19937_64& generator() {
  static int const watched = pthread_atfork(nullptr, nullptr, [] { forks.fetch_add(1, std::memory_order_relaxed); });
  static_cast<void>(watched);
  thread_local unsigned seeded_at = forks.load(std::memory_order_relaxed);
  thread_local std::mt19937_64 engine = seeded();
  if (unsigned const now = forks.load(std::memory_order_relaxed); now != seeded_at) {
    engine = seeded();
    seeded_at = now;
  }
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
