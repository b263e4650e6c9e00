#pragma once

#include <atomic>
#include <bit>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstdint>
#include <ctime>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <proxystore/deadline.hpp>

namespace proxystore::mpi::detail {

static_assert(std::atomic<std::uint64_t>::is_always_lock_free && std::atomic<std::uint32_t>::is_always_lock_free,
              "words in shared memory must not hide a lock of one process");

/// The half of a 64-bit word in which its low bits lie: the kernel waits on 32.
inline std::uint32_t* low_half(std::atomic<std::uint64_t>& word) noexcept {
  auto* halves = reinterpret_cast<std::uint32_t*>(&word);
  return std::endian::native == std::endian::little ? halves : halves + 1;
}

/// Sleeps while the low half of `word` is that of `expected`, at most until `deadline`. Wakes spuriously.
/// Across processes: the futex is not private (std::atomic::wait's is).
inline void futex_wait(std::atomic<std::uint64_t>& word, std::uint64_t expected, Deadline deadline) noexcept {
  std::timespec at{}, *until = nullptr;
  if (!deadline.is_never()) {  // steady_clock is CLOCK_MONOTONIC, which FUTEX_WAIT_BITSET takes as absolute
    auto const since_boot = std::max(deadline.time().time_since_epoch(), Deadline::Clock::duration(0));
    auto const seconds = std::chrono::duration_cast<std::chrono::seconds>(since_boot);
    at.tv_sec = seconds.count();
    at.tv_nsec = std::chrono::nanoseconds(since_boot - seconds).count();
    until = &at;
  }
  syscall(SYS_futex, low_half(word), FUTEX_WAIT_BITSET, static_cast<std::uint32_t>(expected), until, nullptr,
          FUTEX_BITSET_MATCH_ANY);
}

inline void futex_wake_all(std::atomic<std::uint64_t>& word) noexcept {
  syscall(SYS_futex, low_half(word), FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

/// Tells the core that this is a spin.
inline void relax() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace proxystore::mpi::detail
