#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <variant>

namespace proxystore::detail {

/// What a client asks for.
struct Asked {
  enum class What { home, endpoint, peers, exists, get, set, evict };
  What what = What::home;
  std::string key = {};
  std::string endpoint = {};          ///< UUID in lower case; empty: this one
  std::chrono::milliseconds wait{0};  ///< for exists and get: how long the answer may take until the object is there
};

struct Refusal {
  unsigned status;
  std::string text;
};

/// Reads method and target of a request, as Python ProxyStore's endpoint does. `wait` (ms) is known here alone.
std::variant<Asked, Refusal> understand(std::string_view method, std::string_view target);

}  // namespace proxystore::detail
