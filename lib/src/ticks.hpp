/// Time for spans of a trace, at less than half of what a look at the clock takes.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <vector>

namespace proxystore::detail {

/// The processor's time-stamp counter, where the kernel has found that it runs evenly and alike on all cores (its own
/// clock then goes by it); else nanoseconds of the steady clock.
class Ticks {
 public:
  /// To be called before now(). Idempotent, thread-safe.
  static void choose() noexcept;

  static std::int64_t now() noexcept {
#ifdef __x86_64__
    if (counted.load(std::memory_order_relaxed)) return static_cast<std::int64_t>(__builtin_ia32_rdtsc());
#endif
    return steady();
  }
  static std::int64_t steady() noexcept { return std::chrono::steady_clock::now().time_since_epoch().count(); }

 private:
  static std::atomic<bool> counted;
};

/// What ticks are in nanoseconds of the steady clock, whose rate is adjusted all the time: between two looks at both,
/// evenly.
class Timeline {
 public:
  Timeline() { look(); }

  /// Looks at both clocks. When the next look is due, in ticks: after as long again as there have been looks, but in a
  /// second at the latest.
  std::int64_t look();
  /// REQUIRES: looked at twice
  std::int64_t nanoseconds(std::int64_t ticks) const noexcept;

 private:
  struct Look {
    std::int64_t ticks, ns;
  };
  std::vector<Look> looks_;
};

}  // namespace proxystore::detail
