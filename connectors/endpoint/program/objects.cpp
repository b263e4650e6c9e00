#include "objects.hpp"

#include <utility>

namespace proxystore::detail {

class Objects::Waiter {
 public:
  Waiter(std::string waited_for, Want wanted, LookAnswer given)
      : key(std::move(waited_for)), want(wanted), answer(std::move(given)) {}
  /// True for the first alone.
  bool claim() noexcept { return !claimed_.exchange(true); }

  std::string const key;
  Want const want;
  LookAnswer const answer;

 private:
  std::atomic<bool> claimed_{false};
};

Objects::Objects(std::unique_ptr<Storage> storage, Storing storing) : storage_(std::move(storage)) {
  if (storing == Storing::on_disk) worker_ = std::jthread([this] { work(); });
}

void Objects::close() {
  {
    std::lock_guard lock(tasks_mutex_);
    ended_ = true;
  }
  more_.notify_all();
  if (worker_.joinable()) worker_.join();
  std::unordered_map<std::string, std::list<Ticket>> forgotten;
  std::lock_guard lock(mutex_);
  forgotten.swap(waiting_);
}

void Objects::work() {
  std::unique_lock lock(tasks_mutex_);
  for (;;) {
    more_.wait(lock, [this] { return ended_ || !tasks_.empty(); });
    if (tasks_.empty()) return;
    auto const task = std::move(tasks_.front());
    tasks_.pop();
    lock.unlock();
    task();
    lock.lock();
  }
}

void Objects::run(std::function<void()> task) {
  if (!worker_.joinable()) return task();
  {
    std::lock_guard lock(tasks_mutex_);
    tasks_.push(std::move(task));
  }
  more_.notify_one();
}

void Objects::set(std::string key, Bytes object, Rule rule, SetAnswer answer) {
  run([this, key = std::move(key), object = std::move(object), rule, answer = std::move(answer)] {
    std::unique_lock lock(mutex_);
    Stored stored = Stored::done;
    try {
      stored = storage_->set(key, object, rule);
    } catch (...) {
      lock.unlock();
      return answer(std::current_exception(), stored);
    }
    if (stored == Stored::done) wake(key, lock);
    if (lock.owns_lock()) lock.unlock();
    answer(nullptr, stored);
  });
}

void Objects::look(std::string key, Want want, LookAnswer answer) {
  run([this, key = std::move(key), want, answer = std::move(answer)] {
    std::unique_lock lock(mutex_);
    try {
      auto looked = storage_->look(key, want);
      lock.unlock();
      answer(nullptr, std::move(looked));
    } catch (...) {
      if (lock.owns_lock()) lock.unlock();
      answer(std::current_exception(), {});
    }
  });
}

void Objects::evict(std::string key, EvictAnswer answer) {
  run([this, key = std::move(key), answer = std::move(answer)] {
    std::unique_lock lock(mutex_);
    try {
      storage_->evict(key);
    } catch (...) {
      lock.unlock();
      return answer(std::current_exception());
    }
    wake(key, lock);
    if (lock.owns_lock()) lock.unlock();
    answer(nullptr);
  });
}

/// All who wait for `key` get what is there now.
void Objects::wake(std::string const& key, std::unique_lock<std::mutex>& lock) {
  auto const found = waiting_.extract(key);
  if (found.empty()) return;
  bool object = false;
  for (auto const& waiter : found.mapped()) object = object || waiter->want == Want::object;
  Looked looked;
  std::exception_ptr failed;
  try {
    looked = storage_->look(key, object ? Want::object : Want::state);
  } catch (...) {
    failed = std::current_exception();
  }
  lock.unlock();
  for (auto const& waiter : found.mapped())
    if (waiter->claim()) waiter->answer(failed, looked);
}

Objects::Ticket Objects::wait(std::string key, Want want, std::function<void()> parked, LookAnswer answer) {
  auto ticket = std::make_shared<Waiter>(std::move(key), want, std::move(answer));
  run([this, ticket, parked = std::move(parked)] {
    std::unique_lock lock(mutex_);
    Looked looked;
    std::exception_ptr failed;
    try {
      looked = storage_->look(ticket->key, ticket->want);
    } catch (...) {
      failed = std::current_exception();
    }
    if (!failed && looked.state == State::pending) {
      waiting_[ticket->key].push_back(ticket);
      parked();
      return;
    }
    lock.unlock();
    if (ticket->claim()) ticket->answer(failed, std::move(looked));
  });
  return ticket;
}

bool Objects::cancel(Ticket const& ticket) {
  bool const first = ticket->claim();
  if (first)
    run([this, ticket] {
      std::lock_guard lock(mutex_);
      auto const found = waiting_.find(ticket->key);
      if (found == waiting_.end()) return;
      found->second.remove(ticket);
      if (found->second.empty()) waiting_.erase(found);
    });
  return first;
}

}  // namespace proxystore::detail
