#include "answer.hpp"

#include <utility>

namespace proxystore::endpoint {

Answer::State::~State() { reply({.status = Reply::Status::error, .text = "the endpoint dropped the request"}); }

void Answer::State::reply(Reply reply) {
  std::unique_lock lock(mutex_);
  auto const deliver = std::exchange(deliver_, nullptr);
  auto const unused = std::exchange(forget_, nullptr);  // destroyed without the lock
  lock.unlock();
  if (deliver) deliver(std::move(reply));
}

void Answer::State::abandon() {
  std::unique_lock lock(mutex_);
  auto const unused = std::exchange(deliver_, nullptr);
  auto const forget = std::exchange(forget_, nullptr);
  abandoned_ = abandoned_ || unused;
  lock.unlock();
  if (forget) forget();
}

bool Answer::State::wanted() const {
  std::lock_guard const lock(mutex_);
  return deliver_ != nullptr;
}

void Answer::State::when_unwanted(std::function<void()> forget) {
  {
    std::lock_guard const lock(mutex_);
    if (deliver_) {
      forget_ = std::move(forget);
      return;
    }
    if (!abandoned_) return;
  }
  forget();
}

void Answer::operator()(Reply reply) const { state_->reply(std::move(reply)); }
bool Answer::wanted() const { return state_->wanted(); }
void Answer::when_unwanted(std::function<void()> forget) const { state_->when_unwanted(std::move(forget)); }

}  // namespace proxystore::endpoint
