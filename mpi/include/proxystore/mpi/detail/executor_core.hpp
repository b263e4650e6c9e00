/// The compiled core behind Executor: task names, bytes, messages.
#pragma once

#include <mpi.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <proxystore/buffer.hpp>
#include <proxystore/deadline.hpp>
#include <proxystore/export.hpp>
#include <proxystore/mpi/executor_options.hpp>

namespace proxystore::mpi {
namespace detail {

/// Decodes arguments, calls, encodes the result.
using Invoke = Buffer (*)(Bytes const& arguments);

/// Makes a function callable by name in this process. A second, different function of that name makes the name
/// ambiguous, which is an error when it is run.
PROXYSTORE_EXPORT void declare_task(std::string_view name, Invoke invoke);

class Messages;
class TaskRunner;

/// What a client knows of a task that it submitted.
struct TaskState {
  std::uint64_t id;
  int rank;
  std::string_view name;
  bool done = false;
  Bytes result;  // or a failure (wire::failure)
  std::vector<std::shared_ptr<void const>> borrowed = {};  // given back when it is done
};

/// One per rank. All members but the destructor throw.
class PROXYSTORE_EXPORT ExecutorCore {
 public:
  ExecutorCore(MPI_Comm comm, ExecutorOptions options);  ///< Collective.
  ExecutorCore(ExecutorCore const&) = delete;
  ExecutorCore& operator=(ExecutorCore const&) = delete;
  ~ExecutorCore();  ///< Collective.

  int rank() const noexcept;
  int size() const noexcept;

  /// Worker: runs tasks until the client has ended.
  void serve();

  /// Client. `rank`: nullopt for the one with the fewest tasks.
  std::shared_ptr<TaskState> submit(std::optional<int> rank, std::string_view name, Bytes arguments);
  /// Drives messages until the task is done; false at the deadline.
  bool wait(TaskState const& task, Deadline deadline);
  /// Waits for all tasks, then lets the workers go. Idempotent.
  void end();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Throws Timeout, and RemoteError for a task that failed.
PROXYSTORE_EXPORT Bytes result_of(ExecutorCore& core, TaskState const& task, Deadline deadline);

/// Arguments of a call: each encoded, one after the other, with its length in front.
PROXYSTORE_EXPORT void append_part(std::vector<std::byte>& out, Buffer const& part);
/// Throws CorruptObject when there is no further part.
PROXYSTORE_EXPORT Bytes take_part(Bytes& rest);

}  // namespace detail
}  // namespace proxystore::mpi
