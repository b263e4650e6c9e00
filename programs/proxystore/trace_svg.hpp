#pragma once

#include <string>

#include "trace_events.hpp"

namespace proxystore::program {

/// The timeline as SVG: a row for each thread that has events, its waits, sets and other spans as boxes, and a line
/// from each set to those who waited for it.
std::string draw(Traced const& traced, std::string const& title);

}  // namespace proxystore::program
