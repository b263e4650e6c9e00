#include <proxystore/mpi/detail/executor_core.hpp>

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include <proxystore/detail/wire.hpp>
#include <proxystore/error.hpp>

#include "check.hpp"
#include "messages.hpp"
#include "progress.hpp"
#include "task_runner.hpp"

namespace proxystore::mpi::detail {
namespace {

enum class Kind : std::uint64_t { task, result, end, failed };

/// In front of every message; a task's name and arguments, a result's bytes, or the text of a failure, follow.
struct Header {
  Kind kind;
  std::uint64_t id;
  std::uint64_t name_size;
};

Bytes message_of(Header header, std::string_view name, std::span<std::byte const> bytes) {
  Buffer out(sizeof header + name.size() + bytes.size());
  header.name_size = name.size();
  std::memcpy(out.data(), &header, sizeof header);
  if (!name.empty()) std::memcpy(out.data() + sizeof header, name.data(), name.size());
  if (!bytes.empty()) std::memcpy(out.data() + sizeof header + name.size(), bytes.data(), bytes.size());
  return std::move(out).freeze();
}

struct Declarations {
  struct Entry {
    Invoke invoke;
    bool ambiguous;
  };
  std::mutex mutex;
  std::map<std::string_view, Entry> by_name;

  static Declarations& instance() {
    static Declarations declarations;
    return declarations;
  }

  Invoke find(std::string_view name) {
    std::lock_guard lock(mutex);
    auto const found = by_name.find(name);
    if (found == by_name.end())
      throw InvalidArgument("task " + std::string(name) +
                            " is not in this rank's program (an executor needs one program on all ranks)");
    if (found->second.ambiguous)
      throw InvalidArgument("task " + std::string(name) + " is ambiguous (two functions of one name, local to two "
                            "source files) give one of them another name");
    return found->second.invoke;
  }
};

std::string origin(int rank, int size) { return "rank " + std::to_string(rank) + " of " + std::to_string(size); }

/// Runs a task; what it throws becomes a failure object.
Bytes run(std::string_view name, Bytes const& arguments, int rank, int size) {
  try {
    return Declarations::instance().find(name)(arguments).freeze();
  } catch (...) {
    return wire::encode_failure(Failure::of(std::current_exception(), origin(rank, size))).freeze();
  }
}

/// Rests between two looks for messages, longer the longer nothing came, so that an idle rank costs no core. Woken
/// by what happens in this process.
class Idling {
 public:
  void woken() {
    {
      std::lock_guard lock(mutex_);
      woken_ = true;
    }
    changed_.notify_one();
  }
  void busy() noexcept { looks_ = 0; }
  void idle(Deadline deadline) {
    using namespace std::chrono_literals;
    if (++looks_ < 200) {
      std::this_thread::yield();
      return;
    }
    auto const pause = std::min<std::chrono::microseconds>(1us * (looks_ - 199), 1ms);
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, earlier(deadline, pause).time(), [this] { return woken_; });
    if (std::exchange(woken_, false)) looks_ = 0;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool woken_ = false;
  int looks_ = 0;
};

}  // namespace

void declare_task(std::string_view name, Invoke invoke) {
  auto& declarations = Declarations::instance();
  std::lock_guard lock(declarations.mutex);
  auto const [entry, fresh] = declarations.by_name.emplace(name, Declarations::Entry{invoke, false});
  if (!fresh && entry->second.invoke != invoke) entry->second.ambiguous = true;
}

struct ExecutorCore::Impl {
  Impl(MPI_Comm comm, ExecutorOptions given) : options(std::move(given)), messages(comm) {
    if (!options.log) options.log = default_log();
    load.resize(static_cast<std::size_t>(messages.size()), 0);
  }

  ExecutorOptions options;
  Messages messages;
  std::mutex outbox_mutex;
  std::vector<std::pair<std::uint64_t, Bytes>> outbox;  // results of this rank's tasks
  Idling rest;
  bool ended = false;
  std::string failure;  // a message may be lost: this rank sends and receives no more
  // Client only.
  std::uint64_t last_id = 0;
  std::map<std::uint64_t, std::shared_ptr<TaskState>> open;
  std::vector<std::size_t> load;  // open tasks of each rank
  std::map<int, std::string> lost;   // ranks that have failed
  std::optional<TaskRunner> runner;  // last: its tasks use the rest

  void start(std::uint64_t id, std::string name, Bytes arguments) {
    if (!runner) runner.emplace();
    runner->add([this, id, name = std::move(name), arguments = std::move(arguments)] {
      Bytes result = run(name, arguments, messages.rank(), messages.size());
      {
        std::lock_guard lock(outbox_mutex);
        outbox.emplace_back(id, std::move(result));
      }
      rest.woken();
    });
  }

  void finish(std::uint64_t id, Bytes result) {
    auto const found = open.find(id);
    if (found == open.end()) return;
    TaskState& task = *found->second;
    task.result = std::move(result);
    task.done = true;
    task.borrowed.clear();
    --load[static_cast<std::size_t>(task.rank)];
    open.erase(found);
  }

  /// Another rank has failed: its tasks have too. Without its client a rank has nothing left to do.
  void lose(int rank, std::string const& why) {
    messages.give_up(rank);
    if (rank == 0) ended = true;
    auto const what = "the executor of rank " + std::to_string(rank) + " has failed (" + why + ")";
    lost.emplace(rank, what);
    auto const result =
        wire::encode_failure(Failure::of(std::make_exception_ptr(ConnectorError(what)), origin(rank, messages.size())))
            .freeze();
    std::vector<std::uint64_t> theirs;
    for (auto const& [id, task] : open)
      if (task->rank == rank) theirs.push_back(id);
    for (auto const id : theirs) finish(id, result);
  }

  /// Tells the others, if that is still possible.
  void fail(std::string const& why) noexcept {
    if (!failure.empty()) return;
    failure = why;
    ended = true;
    int const last = messages.rank() == 0 ? messages.size() - 1 : 0;
    for (int rank = messages.rank() == 0 ? 1 : 0; rank <= last; ++rank) {
      try {
        messages.send(rank, message_of({Kind::failed, 0, 0}, {}, std::as_bytes(std::span(failure))));
      } catch (std::exception const&) {  // it will have to wait
      }
    }
    messages.give_up(std::nullopt);
  }

  template <class Work>
  void or_fail(Work const& work) {
    if (!failure.empty()) throw ConnectorError("the executor is out of order (" + failure + ")");
    try {
      work();
    } catch (Error const& error) {
      fail(error.what());
      throw;
    }
  }

  void handle(Messages::Received received) {
    Header header;
    if (received.message.size() < sizeof header) throw CorruptObject("an executor's message ends within its header");
    std::memcpy(&header, received.message.data(), sizeof header);
    Bytes const rest_of = received.message.slice(sizeof header);
    if (header.name_size > rest_of.size()) throw CorruptObject("an executor's message ends within a task's name");
    switch (header.kind) {
      case Kind::task:
        return start(header.id, std::string(rest_of.text().substr(0, header.name_size)),
                     rest_of.slice(header.name_size));
      case Kind::result: return finish(header.id, rest_of);
      case Kind::end: ended = true; return;
      case Kind::failed: return lose(received.from, std::string(rest_of.text()));
    }
    throw CorruptObject("an executor's message is of an unknown kind");
  }

  /// Results of tasks that ran here: to the client, or to its own list if this is the client.
  bool flush_outbox() {
    std::vector<std::pair<std::uint64_t, Bytes>> results;
    {
      std::lock_guard lock(outbox_mutex);
      results.swap(outbox);
    }
    for (auto& [id, bytes] : results) {
      if (messages.rank() == 0) finish(id, std::move(bytes));
      else messages.send(0, message_of({Kind::result, id, 0}, {}, bytes.span()));
    }
    return !results.empty();
  }

  /// One look at everything; rests if there was nothing.
  void progress(Deadline deadline) {
    or_fail([&] { look(deadline); });
  }

  void look(Deadline deadline) {
    bool moved = flush_outbox();
    moved |= move_all() == Motion::moved;  // a rank that serves here serves its stores too
    while (auto received = messages.poll()) {
      handle(*std::move(received));
      moved = true;
    }
    if (moved) rest.busy();
    else rest.idle(deadline);
  }

  int least_loaded() const {
    int best = messages.size() > 1 ? 1 : 0;
    for (int rank = best + 1; rank < messages.size(); ++rank)
      if (lost.contains(best) ||
          (!lost.contains(rank) && load[static_cast<std::size_t>(rank)] < load[static_cast<std::size_t>(best)]))
        best = rank;
    return best;
  }

  static std::string describe(TaskState const& task) {
    return "task " + std::to_string(task.id) + " " + std::string(task.name) + " on rank " + std::to_string(task.rank);
  }

  template <class Done>
  bool progress_until(Deadline deadline, std::string_view waits_for, Done const& done) {
    auto stall = options.stall_report.count() > 0 ? Deadline(options.stall_report) : Deadline::never();
    while (!done()) {
      progress(earlier(deadline, stall));
      if (done()) break;
      if (deadline.expired()) return false;
      if (!stall.expired()) continue;
      stall = Deadline::never();
      std::string text = origin(messages.rank(), messages.size()) + " still waits for " + std::string(waits_for);
      for (auto const& [id, task] : open) text += "\n  open: " + describe(*task);
      if (options.log) options.log(LogLevel::warning, text);
    }
    return true;
  }
};

ExecutorCore::ExecutorCore(MPI_Comm comm, ExecutorOptions options)
    : impl_(std::make_unique<Impl>(comm, std::move(options))) {}

ExecutorCore::~ExecutorCore() {
  try {
    take_all({[this] {
                if (rank() == 0) end();
                else serve();
              },
              [this] { impl_->messages.close(); }});
  } catch (std::exception const&) {  // nobody to tell
  }
}

int ExecutorCore::rank() const noexcept { return impl_->messages.rank(); }
int ExecutorCore::size() const noexcept { return impl_->messages.size(); }

void ExecutorCore::serve() {
  while (!impl_->ended) impl_->progress(Deadline::never());
  // The client ends only when it has all results, so nothing runs here any more.
  while (!impl_->messages.idle()) impl_->progress(Deadline::never());
  if (auto const client = impl_->lost.find(0); client != impl_->lost.end()) throw ConnectorError(client->second);
}

std::shared_ptr<TaskState> ExecutorCore::submit(std::optional<int> rank, std::string_view name, Bytes arguments) {
  auto& load = impl_->load;
  impl_->or_fail([] {});
  if (impl_->ended) throw InvalidArgument("this executor's client has ended");
  if (!rank) rank = impl_->least_loaded();
  if (*rank < 0 || *rank >= size())
    throw InvalidArgument("a task cannot run on rank " + std::to_string(*rank) + " (the executor has " +
                          std::to_string(size()) + ")");
  if (auto const lost = impl_->lost.find(*rank); lost != impl_->lost.end()) throw ConnectorError(lost->second);
  auto const id = ++impl_->last_id;
  auto task = std::make_shared<TaskState>(TaskState{id, *rank, name, false, {}});
  impl_->open.emplace(id, task);
  ++load[static_cast<std::size_t>(*rank)];
  if (*rank == 0) impl_->start(id, std::string(name), std::move(arguments));
  else impl_->or_fail([&] { impl_->messages.send(*rank, message_of({Kind::task, id, 0}, name, arguments.span())); });
  return task;
}

bool ExecutorCore::wait(TaskState const& task, Deadline deadline) {
  return impl_->progress_until(deadline, impl_->describe(task), [&] { return task.done; });
}

void ExecutorCore::end() {
  if (impl_->ended) return;
  impl_->progress_until(Deadline::never(), "the end of all tasks", [this] { return impl_->open.empty(); });
  impl_->ended = true;
  impl_->or_fail([this] {
    for (int rank = 1; rank < size(); ++rank) impl_->messages.send(rank, message_of({Kind::end, 0, 0}, {}, {}));
  });
  while (!impl_->messages.idle()) impl_->progress(Deadline::never());
}

Bytes result_of(ExecutorCore& core, TaskState const& task, Deadline deadline) {
  if (!core.wait(task, deadline))
    throw Timeout("timed out waiting for task " + std::string(task.name) + " on rank " + std::to_string(task.rank));
  if (auto failure = wire::decode_failure(task.result)) throw RemoteError(*std::move(failure));
  return task.result;
}

void append_part(std::vector<std::byte>& out, Buffer const& part) {
  std::uint64_t const size = part.size();
  auto const* bytes = reinterpret_cast<std::byte const*>(&size);
  out.insert(out.end(), bytes, bytes + sizeof size);
  out.insert(out.end(), part.data(), part.data() + part.size());
}

Bytes take_part(Bytes& rest) {
  std::uint64_t size = 0;
  if (rest.size() < sizeof size) throw CorruptObject("a task has fewer arguments than its function");
  std::memcpy(&size, rest.data(), sizeof size);
  Bytes const after = rest.slice(sizeof size);
  if (size > after.size()) throw CorruptObject("a task's argument is cut off");
  rest = after.slice(size);
  return after.slice(0, size);
}

}  // namespace proxystore::mpi::detail
