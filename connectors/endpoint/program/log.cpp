#include "log.hpp"

#include <array>
#include <ctime>
#include <string>

#include <unistd.h>

namespace proxystore::detail {

void ServerLog::operator()(Level level, std::string_view text) {
  if (level > most_) return;
  constexpr std::array<char const*, 4> names{"ERROR", "WARNING", "INFO", "DEBUG"};
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  tm local{};
  localtime_r(&now.tv_sec, &local);
  std::array<char, 32> time{};
  auto const length = strftime(time.data(), time.size(), "%Y-%m-%d %H:%M:%S", &local);
  auto const milliseconds = std::to_string(1000 + now.tv_nsec / 1'000'000).substr(1);
  std::string line =
      "[" + std::string(time.data(), length) + "." + milliseconds + "] " + names[static_cast<std::size_t>(level)] + " ";
  for (char const c : text) line += static_cast<unsigned char>(c) < ' ' ? ' ' : c;  // what others send breaks no line
  line += '\n';
  std::lock_guard lock(mutex_);
  for (int const descriptor : descriptors_)
    if (write(descriptor, line.data(), line.size()) < 0) continue;  // a full disk: nothing better to do
}

}  // namespace proxystore::detail
