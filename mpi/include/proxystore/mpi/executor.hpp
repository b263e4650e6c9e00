/// @file
/// Functions that run on other ranks.
#pragma once

#include <mpi.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <proxystore/detail/ownership.hpp>
#include <proxystore/mpi/detail/executor_core.hpp>
#include <proxystore/mpi/executor_options.hpp>
#include <proxystore/serializer.hpp>

namespace proxystore::mpi {
namespace detail {

template <auto function>
constexpr std::string_view task_name() noexcept {
  return __PRETTY_FUNCTION__;
}

template <class Signature>
struct Call;

template <class Result, class... Parameters>
struct Call<Result (*)(Parameters...)> {
  using result = std::remove_cvref_t<Result>;

  template <class... Arguments>
  static Bytes pack(Arguments&&... arguments) {
    static_assert(sizeof...(Arguments) == sizeof...(Parameters), "the function takes another number of arguments");
    std::vector<std::byte> out;
    (append_part(out, encode<std::remove_cvref_t<Parameters>>(std::forward<Arguments>(arguments))), ...);
    return Bytes::copy_of(out);
  }

  static Buffer invoke(Result (*function)(Parameters...), Bytes rest) {
    // Braces: decoded from left to right.
    std::tuple<std::remove_cvref_t<Parameters>...> arguments{
        Serializer<std::remove_cvref_t<Parameters>>::decode(take_part(rest))...};
    auto const call = [&](auto&... each) -> Result { return function(std::forward<Parameters>(each)...); };
    if constexpr (std::is_void_v<Result>) {
      std::apply(call, arguments);
      return {};
    } else {
      return Serializer<result>::encode(std::apply(call, arguments), heap());
    }
  }

 private:
  template <class T>
  static Buffer encode(T const& value) {
    return Serializer<T>::encode(value, heap());
  }
};
template <class Result, class... Parameters>
struct Call<Result (*)(Parameters...) noexcept> : Call<Result (*)(Parameters...)> {};

/// Declared before main() in every process of a program that runs `function` anywhere.
template <auto function>
struct Declared {
  static Buffer invoke(Bytes const& arguments) { return Call<decltype(function)>::invoke(function, arguments); }
  static inline bool const done = (declare_task(task_name<function>(), &invoke), true);
};

}  // namespace detail

/// A function that runs, or will run, on another rank. A small value; the Executor must outlive its waits.
template <class R>
class Task {
 public:
  /// Drives messages; throws Timeout. Does not throw the task's own failure.
  void wait(Deadline deadline = {}) const {
    if (!core_->wait(*state_, deadline)) static_cast<void>(detail::result_of(*core_, *state_, Deadline::immediate()));
  }
  /// Whether it has ended, well or not. Never waits.
  bool done() const { return core_->wait(*state_, Deadline::immediate()); }
  /// What the function returned. Throws RemoteError with the type, text and rank of what it threw; Timeout.
  R result(Deadline deadline = {}) const {
    Bytes const bytes = detail::result_of(*core_, *state_, deadline);
    if constexpr (!std::is_void_v<R>) return Serializer<R>::decode(bytes);
  }
  /// Where it runs.
  int rank() const noexcept { return state_->rank; }

 private:
  friend class Client;
  Task(detail::ExecutorCore& core, std::shared_ptr<detail::TaskState> state) noexcept
      : core_(&core), state_(std::move(state)) {}

  detail::ExecutorCore* core_;
  std::shared_ptr<detail::TaskState> state_;
};

/// Submits functions of this program to other ranks. Held by rank 0; when it is destroyed it waits for all tasks and
/// lets the other ranks go on.
class Client {
 public:
  /// The same client for one rank only.
  class At {
   public:
    template <auto function, class... Arguments>
    auto run(Arguments&&... arguments) const {
      return client_->submit<function>(rank_, std::forward<Arguments>(arguments)...);
    }

   private:
    friend class Client;
    At(Client const& client, int rank) noexcept : client_(&client), rank_(rank) {}
    Client const* client_;
    int rank_;
  };

  /// Runs `function(arguments...)` on the rank with the fewest tasks. Arguments and result are anything
  /// serializable, futures and proxies too. Borrowed proxies (owned.hpp) among the arguments stay lent until the task has
  /// ended; then their owner has them back, though the task may have failed. Returns at once.
  template <auto function, class... Arguments>
  auto run(Arguments&&... arguments) const {
    return submit<function>(std::nullopt, std::forward<Arguments>(arguments)...);
  }
  /// Throws InvalidArgument for a rank that does not serve.
  At on(int rank) const noexcept { return {*this, rank}; }

  Client(Client&& other) noexcept : core_(std::exchange(other.core_, nullptr)) {}
  Client& operator=(Client&&) = delete;
  ~Client() {
    if (!core_) return;
    try {
      core_->end();
    } catch (std::exception const&) {  // nobody to tell
    }
  }

 private:
  friend class Executor;
  explicit Client(detail::ExecutorCore& core) noexcept : core_(&core) {}

  template <auto function, class... Arguments>
  auto submit(std::optional<int> rank, Arguments&&... arguments) const {
    using Call = detail::Call<decltype(function)>;
    static_cast<void>(&detail::Declared<function>::done);  // its use is what declares the function
    proxystore::detail::LoanCollector loans;
    auto state = core_->submit(rank, detail::task_name<function>(), Call::pack(std::forward<Arguments>(arguments)...));
    state->borrowed = loans.take();
    return Task<typename Call::result>(*core_, std::move(state));
  }

  detail::ExecutorCore* core_;
};

/// Runs functions of one program on the ranks of a communicator: rank 0 submits, the others serve. A task that
/// waits for a future lets its rank run another, so a consumer may be submitted before its producer even to a single
/// worker. Tasks of a rank run one at a time, each on a thread of its own: tasks that call MPI themselves need
/// MPI_THREAD_SERIALIZED, and only the thread that calls client() makes the executor's own MPI calls.
///
/// All ranks must run the same program (the functions are found by name). On a single rank the tasks run there.
class Executor {
 public:
  /// Collective; duplicates `comm`.
  explicit Executor(MPI_Comm comm, ExecutorOptions options = {}) : core_(comm, std::move(options)) {}

  /// On rank 0 a client, once. On the others: runs tasks until the client is gone, then nullopt.
  std::optional<Client> client() {
    if (core_.rank() == 0) return Client(core_);
    core_.serve();
    return std::nullopt;
  }

 private:
  detail::ExecutorCore core_;
};

}  // namespace proxystore::mpi
