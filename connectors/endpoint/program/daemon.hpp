#pragma once

#include <filesystem>

#include "commands.hpp"
#include "home.hpp"

namespace proxystore::detail {

/// Serves until it is told to stop. REQUIRES: no other thread runs. With Detach::yes a child of its own session does,
/// and this returns when that serves. Throws ConnectorError if it cannot.
void serve(EndpointConfig const& config, std::filesystem::path const& folder, Detach detach, Level level);

}  // namespace proxystore::detail
