#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <proxystore/deadline.hpp>

#include "listener.hpp"

namespace proxystore::detail {

/// All who wait. One of them listens for all, so that it is woken by the server itself; when it has what it waits
/// for it leaves that to another. Nobody listens when nobody waits. Thread-safe.
///
///     waiter   enters its key ──▶ one listens already: sleeps ──▶ woken: looks itself
///                             └─▶ none does: listens
///     listens  watches the keys at the server ──▶ hears that one has changed, wakes who waits for it
///              or reconnects, watches all keys again, wakes those whose key is there by then
class RedisWatch {
 public:
  enum class Event {
    deadline,
    closed,
    changed,  ///< something about the key: look
  };

  explicit RedisWatch(RedisOptions const& options);

  Event wait(std::string const& key, Deadline deadline);
  /// Idempotent; ends all waits.
  void close();
  std::string report() const;

 private:
  struct Entry {
    std::condition_variable changed;  // or nobody listens
    std::optional<Event> event;
    int waiters = 0;
  };
  class Bell {  // wakes who listens from its poll()
   public:
    Bell();
    ~Bell();
    Bell(Bell const&) = delete;
    Bell& operator=(Bell const&) = delete;
    void ring() const noexcept;
    void hush() const noexcept;
    int descriptor() const noexcept { return descriptor_; }

   private:
    int descriptor_;
  };
  enum class Woken { by_nobody, by_bell, by_server };

  std::shared_ptr<Entry> enter(std::string const& key);
  void leave(std::string const& key, Entry& entry);
  void listen(Entry const& own, Deadline deadline) noexcept;
  void serve(Entry const& own, Deadline deadline);
  void connect(std::chrono::milliseconds timeout);
  std::vector<std::string> take_work();
  Woken sleep(int descriptor, std::chrono::milliseconds longest) const;
  void settle(std::string const& key, Event event);
  void settle_all(Event event);
  std::vector<std::string> pending() const;
  bool settled(Entry const& entry) const;
  void say(std::string text);

  RedisOptions const& options_;
  Bell bell_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<Entry>> entries_;  // not settled yet
  std::vector<std::string> fresh_;                                   // to be watched
  std::string state_ = "nobody has waited yet";
  bool closed_ = false;
  bool listening_ = false;
  // Of who listens:
  std::unique_ptr<RedisListener> listener_;
  bool all_ = true;  // are to be watched, since the connection is new
  std::chrono::milliseconds pause_;
};

}  // namespace proxystore::detail
