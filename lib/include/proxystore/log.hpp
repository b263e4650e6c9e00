/// @file
/// Where reports go.
#pragma once

#include <functional>
#include <string_view>

#include <proxystore/export.hpp>

namespace proxystore {

/// How much it matters. A wait that stalls is a warning.
enum class LogLevel { info, warning };

/// Receives one line without a newline, from whichever thread waits; must not throw or wait for the store.
using Log = std::function<void(LogLevel, std::string_view)>;

/// The log of stores that are opened without one: lines on stderr if the environment has PROXYSTORE_LOG=stderr,
/// else nothing, since a library does not print unasked.
PROXYSTORE_EXPORT Log default_log();

}  // namespace proxystore
