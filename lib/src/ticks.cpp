#include "ticks.hpp"

#include <algorithm>
#include <fstream>
#include <limits>
#include <string>

namespace proxystore::detail {
namespace {

constexpr std::int64_t first_interval = 1'000'000;         // ticks: some hundred microseconds
constexpr std::int64_t longest_interval = 1'000'000'000;  // ns

}  // namespace

std::atomic<bool> Ticks::counted{false};

void Ticks::choose() noexcept {
  static bool const is_counter = [] {
    try {
      std::ifstream in("/sys/devices/system/clocksource/clocksource0/current_clocksource");
      std::string source;
      return std::getline(in, source) && source == "tsc";
    } catch (std::exception const&) {  // no memory
      return false;
    }
  }();
  counted.store(is_counter, std::memory_order_relaxed);
}

std::int64_t Timeline::look() {
  Look best{0, 0};
  auto apart = std::numeric_limits<std::int64_t>::max();
  for (int i = 0; i < 5; ++i) {  // whoever is interrupted between the two looks again
    auto const before = Ticks::now(), ns = Ticks::steady(), after = Ticks::now();
    if (after - before >= apart) continue;
    apart = after - before;
    best = {before + apart / 2, ns};
  }
  looks_.push_back(best);
  auto const& first = looks_.front();
  auto const ticks = best.ticks - first.ticks, ns = best.ns - first.ns;
  if (ticks <= 0 || ns <= 0) return best.ticks + first_interval;
  auto const in_longest = static_cast<double>(ticks) / static_cast<double>(ns) * static_cast<double>(longest_interval);
  return best.ticks + std::max(first_interval, std::min(ticks, static_cast<std::int64_t>(in_longest)));
}

std::int64_t Timeline::nanoseconds(std::int64_t ticks) const noexcept {
  auto after = std::upper_bound(looks_.begin() + 1, looks_.end() - 1, ticks,
                                [](std::int64_t value, Look const& look) { return value < look.ticks; });
  auto const &to = *after, &from = *(after - 1);
  if (to.ticks == from.ticks) return from.ns;
  auto const rate = static_cast<double>(to.ns - from.ns) / static_cast<double>(to.ticks - from.ticks);
  return from.ns + static_cast<std::int64_t>(static_cast<double>(ticks - from.ticks) * rate);
}

}  // namespace proxystore::detail
