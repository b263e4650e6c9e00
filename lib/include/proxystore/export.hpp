/// Symbols of the library are hidden unless marked with this.
#pragma once

#define PROXYSTORE_EXPORT __attribute__((visibility("default")))
