/// @file
/// All connector kinds by text.
#pragma once

#include <proxystore/export.hpp>

namespace proxystore {

/// Makes every connector kind that this installation was built with known to the Registry, for opening stores
/// from text and for proxies that arrive. Nothing registers itself. May be called again. Thread-safe.
PROXYSTORE_EXPORT void register_connectors();

}  // namespace proxystore
