#pragma once

#include <functional>
#include <mutex>

#include "peers.hpp"

namespace proxystore::endpoint {

/// What the copies of an Answer share: who waits for the reply, and what to do once nobody does. Thread-safe.
class Answer::State {
 public:
  explicit State(std::function<void(Reply)> deliver) : deliver_(std::move(deliver)) {}
  /// Nobody has answered, and nobody can any more.
  ~State();
  State(State const&) = delete;
  State& operator=(State const&) = delete;

  void reply(Reply reply);
  /// The asker is gone.
  void abandon();
  bool wanted() const;
  void when_unwanted(std::function<void()> forget);

 private:
  mutable std::mutex mutex_;
  std::function<void(Reply)> deliver_;  // null: settled
  std::function<void()> forget_;
  bool abandoned_ = false;
};

}  // namespace proxystore::endpoint
