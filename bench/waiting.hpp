/// Rows of a consumer that sleeps, in a thread of this process, until something comes for it.
#pragma once

#include <chrono>
#include <functional>
#include <semaphore>
#include <thread>

#include "rows.hpp"

namespace bench {

/// Seconds from before set(i) until hold(i), which has been waiting, returns; `times` of them added up.
inline double handed_over(int times, std::function<void(std::size_t)> const& set,
                          std::function<void(std::size_t)> const& hold) {
  constexpr auto settling = std::chrono::microseconds(700);  // until the consumer sleeps
  double took = 0;
  Clock::time_point start;
  std::binary_semaphore about_to_wait(0), held(0);
  std::jthread consumer([&] {
    for (int i = 0; i < times; ++i) {
      about_to_wait.release();
      hold(static_cast<std::size_t>(i));
      took += seconds_since(start);
      held.release();
    }
  });
  for (int i = 0; i < times; ++i) {
    about_to_wait.acquire();
    std::this_thread::sleep_for(settling);
    start = Clock::now();
    set(static_cast<std::size_t>(i));
    held.acquire();
  }
  return took;
}

}  // namespace bench
