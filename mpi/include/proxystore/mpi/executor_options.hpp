/// @file
/// How an executor reports.
#pragma once

#include <chrono>

#include <proxystore/log.hpp>

namespace proxystore::mpi {

/// Of an Executor.
struct ExecutorOptions {
  /// A wait for a task longer than this is reported once through `log`.
  std::chrono::nanoseconds stall_report = std::chrono::seconds(30);
  Log log;  ///< default: default_log()
};

}  // namespace proxystore::mpi
