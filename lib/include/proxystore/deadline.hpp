/// @file
/// When waits give up.
#pragma once

#include <algorithm>
#include <chrono>

namespace proxystore {

/// The time at which a wait gives up. Made implicitly from a duration ("from now"); default: never.
///
///     future.wait(5s);   future.wait(Deadline::never());
class Deadline {
 public:
  using Clock = std::chrono::steady_clock;  ///< which no one sets

  constexpr Deadline() noexcept = default;
  constexpr Deadline(Clock::time_point at) noexcept : at_(at) {}

  /// A duration too long to be added to now means never; a negative one has expired.
  template <class Rep, class Period>
  Deadline(std::chrono::duration<Rep, Period> timeout) noexcept {
    auto const now = Clock::now();
    using Wide = std::chrono::duration<long double, Clock::period>;
    if (Wide(timeout) <= Wide(0)) at_ = now;
    else if (Wide(timeout) < Wide(Clock::time_point::max() - now) - Wide(std::chrono::seconds(1)))
      at_ = now + std::chrono::duration_cast<Clock::duration>(timeout);
  }

  /// Never gives up.
  static constexpr Deadline never() noexcept { return {}; }
  /// Has expired already: a wait with it looks once and returns.
  static constexpr Deadline immediate() noexcept { return Clock::time_point::min(); }

  constexpr bool is_never() const noexcept { return at_ == Clock::time_point::max(); }
  bool expired() const noexcept { return !is_never() && Clock::now() >= at_; }
  constexpr Clock::time_point time() const noexcept { return at_; }

  /// Time left, not negative. REQUIRES: !is_never()
  std::chrono::nanoseconds remaining() const noexcept {
    return at_ == Clock::time_point::min() ? std::chrono::nanoseconds(0)
                                           : std::max(at_ - Clock::now(), Clock::duration(0));
  }

  friend constexpr Deadline earlier(Deadline a, Deadline b) noexcept { return a.at_ < b.at_ ? a : b; }
  friend constexpr bool operator==(Deadline, Deadline) noexcept = default;

 private:
  Clock::time_point at_ = Clock::time_point::max();
};

}  // namespace proxystore
