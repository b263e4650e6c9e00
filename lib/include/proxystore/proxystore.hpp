/// @file
/// The whole library core: Store, Proxy, Future and what they need. Connectors and MPI have headers of their own.
#pragma once

#include <proxystore/array.hpp>
#include <proxystore/buffer.hpp>
#include <proxystore/config.hpp>
#include <proxystore/connector.hpp>
#include <proxystore/deadline.hpp>
#include <proxystore/decorator.hpp>
#include <proxystore/error.hpp>
#include <proxystore/future.hpp>
#include <proxystore/key.hpp>
#include <proxystore/lifetime.hpp>
#include <proxystore/log.hpp>
#include <proxystore/metrics.hpp>
#include <proxystore/owned.hpp>
#include <proxystore/proxy.hpp>
#include <proxystore/registry.hpp>
#include <proxystore/serializer.hpp>
#include <proxystore/store.hpp>
#include <proxystore/store_options.hpp>
#include <proxystore/version.hpp>

/// Stores, proxies and futures, the contract of connectors, and the connectors that need no MPI.
namespace proxystore {}
