#pragma once

#include <optional>
#include <string>
#include <vector>

#include <proxystore/buffer.hpp>
#include <proxystore/export.hpp>

namespace proxystore::segments {

/// What an object is, by its identifier and what follows.
struct Description {
  std::string identifier;  ///< NP, US, …; empty: it has none
  std::string type;        ///< "array of f8", "text", "a failure: std::runtime_error"
  std::optional<std::vector<std::size_t>> shape = std::nullopt;  ///< of arrays
};

/// Never throws for what it does not understand: it says so.
PROXYSTORE_EXPORT Description describe(Bytes const& object);

}  // namespace proxystore::segments
