#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <queue>
#include <string>
#include <thread>
#include <unordered_map>

#include "storage.hpp"

namespace proxystore::detail {

/// The objects of an endpoint and those who wait for them. Thread-safe; nothing blocks, but answers come on any thread:
/// on the caller's before the call returns, or on the one that reads and writes a database.
class Objects {
 public:
  enum class Storing { in_memory, on_disk };
  Objects(std::unique_ptr<Storage> storage, Storing storing);
  ~Objects() { close(); }
  Objects(Objects const&) = delete;
  Objects& operator=(Objects const&) = delete;

  /// All that was asked for is done then, and who waits is forgotten: whoever answers go to may be destroyed.
  void close();

  /// What failed, or null. With nothing failed, what was asked for.
  using SetAnswer = std::function<void(std::exception_ptr, Stored)>;
  using LookAnswer = std::function<void(std::exception_ptr, Looked)>;
  using EvictAnswer = std::function<void(std::exception_ptr)>;

  void set(std::string key, Bytes object, Rule rule, SetAnswer answer);
  void look(std::string key, Want want, LookAnswer answer);
  void evict(std::string key, EvictAnswer answer);

  /// One who waits. Gets one answer, or none after cancel().
  class Waiter;
  using Ticket = std::shared_ptr<Waiter>;
  /// Like look(), but answers when the key is set or evicted. `parked` is called first if it has to wait.
  Ticket wait(std::string key, Want want, std::function<void()> parked, LookAnswer answer);
  /// True if there was no answer and will be none.
  bool cancel(Ticket const& ticket);

 private:
  struct Parked;
  void run(std::function<void()> task);
  void work();
  void wake(std::string const& key, std::unique_lock<std::mutex>& lock);

  std::unique_ptr<Storage> const storage_;
  std::mutex mutex_;  // of the storage, and of waiting_
  std::unordered_map<std::string, std::list<Ticket>> waiting_;

  std::mutex tasks_mutex_;
  std::condition_variable more_;
  std::queue<std::function<void()>> tasks_;
  bool ended_ = false;
  std::jthread worker_;  // for a database
};

}  // namespace proxystore::detail
