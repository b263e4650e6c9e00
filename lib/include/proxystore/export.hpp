/// @file
/// Symbols of the library are hidden unless marked with this.
#pragma once

/// Marks what the library exports.
#define PROXYSTORE_EXPORT __attribute__((visibility("default")))
