/// What every way to open a store needs.
#pragma once

#include "handles.hpp"

namespace proxystore::c {

/// Null: the defaults. Throws InvalidArgument.
StoreOptions options_of(proxystore_store_options const* given);
/// Registers the kinds that were built, once.
void know_connectors();
void give_store(proxystore_store** out, Store store);

}  // namespace proxystore::c
