/// @file
/// How a store reports, traces and caches.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include <proxystore/log.hpp>

namespace proxystore {

/// Counts, bytes and times of the connector's operations: not measured, for Store::metrics(), or also logged, line by
/// line, when the store closes.
enum class Metering { off, kept, logged };

/// Of a Store. Processes that share a medium may each have their own.
struct StoreOptions {
  /// Deserialised objects kept by this process; 0: none. Default: 16, or none where the connector reads in place.
  std::optional<std::size_t> cache_objects = std::nullopt;
  /// Of those, as they are stored.
  std::size_t cache_bytes = std::size_t{256} << 20U;
  /// A wait longer than this is reported once through `log`.
  std::chrono::nanoseconds stall_report = std::chrono::seconds(30);
  /// How often a wait for a future with a declared producer looks whether it is part of a ring of ranks that wait for
  /// each other; some looks later it throws DeadlockError. 0: never. See mpi::rma.
  std::chrono::nanoseconds deadlock_check = std::chrono::seconds(1);
  Log log = {};                      ///< default: default_log()
  Metering metrics = Metering::off;  ///< what Store::metrics() tells
  /// A file for the trace of this store, written when it closes: one for all processes that close it together, or that
  /// trace to it at the same time. In Chrome's JSON format, for ui.perfetto.dev and `proxystore trace`. Default: the
  /// environment's PROXYSTORE_TRACE, if that is set; else nothing is traced.
  std::string trace = {};
  /// Events kept of each process, 112 bytes each; later ones are counted and dropped.
  std::size_t trace_events = std::size_t{1} << 18U;
};

}  // namespace proxystore
