#pragma once

#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

namespace proxystore::detail {

enum class Level { error, warning, info, debug };

/// Lines with time and level, to one or more descriptors. Thread-safe.
class ServerLog {
 public:
  ServerLog(std::vector<int> descriptors, Level most) noexcept : descriptors_(std::move(descriptors)), most_(most) {}
  void operator()(Level level, std::string_view text);

 private:
  std::vector<int> const descriptors_;
  Level const most_;
  std::mutex mutex_;
};

}  // namespace proxystore::detail
