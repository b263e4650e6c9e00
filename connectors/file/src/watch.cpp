#include "watch.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <poll.h>
#include <string>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>
#include <utility>

namespace proxystore::file {
namespace {

constexpr std::chrono::milliseconds shortest_rest(1);
constexpr int patience = 8;  // rests an eighth of the time it has waited, and is at most so much late
constexpr int thrift = 16;   // reads the directory at most a sixteenth of the time

class Unlocked {
 public:
  explicit Unlocked(std::unique_lock<std::mutex>& lock) : lock_(lock) { lock_.unlock(); }
  Unlocked(Unlocked const&) = delete;
  Unlocked& operator=(Unlocked const&) = delete;
  ~Unlocked() { lock_.lock(); }

 private:
  std::unique_lock<std::mutex>& lock_;
};

}  // namespace

/// In the list of waiters while in scope. Who leaves while nobody leads calls the next. REQUIRES: the lock is held
class Watch::Waiting {
 public:
  Waiting(Watch& watch, Name const& name) : watch_(watch), at_(watch_.waiters_.emplace(name.object(), &waiter)) {}
  Waiting(Waiting const&) = delete;
  Waiting& operator=(Waiting const&) = delete;
  ~Waiting() {
    watch_.waiters_.erase(at_);
    if (!watch_.leading_ && !watch_.waiters_.empty()) watch_.waiters_.begin()->second->changed.notify_one();
  }

  Waiter waiter;

 private:
  Watch& watch_;
  decltype(watch_.waiters_)::iterator at_;
};

/// REQUIRES: the lock is held
class Watch::Leading {
 public:
  explicit Leading(Watch& watch) : watch_(watch) { watch_.leading_ = true; }
  Leading(Leading const&) = delete;
  Leading& operator=(Leading const&) = delete;
  ~Leading() { watch_.leading_ = false; }

 private:
  Watch& watch_;
};

State Watch::wait(Name const& name, Deadline deadline) {
  Lock lock(mutex_);
  if (closed_) return State::broken;
  {
    Unlocked const unlocked(lock);
    State state = folder_.look(name);
    if (state == State::pending && folder_.is_shared() && folder_.is_there()) {
      folder_.refresh();
      state = folder_.look(name);
    }
    if (state != State::pending) return state;
    if (deadline.expired()) return folder_.is_there() ? State::pending : State::broken;
  }
  arm();
  join_plan();
  Waiting waiting(*this, name);
  return await(name, waiting.waiter, deadline, lock);
}

State Watch::await(Name const& name, Waiter& waiter, Deadline deadline, Lock& lock) {
  for (;;) {
    if (closed_) return State::broken;
    if (std::exchange(waiter.due, false)) {
      Unlocked const unlocked(lock);
      State const state = folder_.look(name);
      if (state != State::pending) return state;
      if (!folder_.is_there()) return State::broken;
    } else if (waiter.gone) {
      return State::gone;
    } else if (deadline.expired()) {
      return State::pending;
    } else if (!leading_) {
      lead(deadline, lock);
    } else if (deadline.is_never()) {
      waiter.changed.wait(lock);
    } else {
      waiter.changed.wait_until(lock, deadline.time());
    }
  }
}

/// One sleep and what woke it.
void Watch::lead(Deadline deadline, Lock& lock) {
  Leading const leading(*this);
  alignas(inotify_event) std::array<char, 16384> events;
  ssize_t size = 0;
  Deadline const until = earlier(deadline, next_look_);
  {
    Unlocked const unlocked(lock);
    sleep(until);
    size = ::read(queue_.get(), events.data(), events.size());
  }
  if (size > 0) hear({events.data(), static_cast<std::size_t>(size)});
  auto const start = Clock::now();
  if (start < next_look_) return;
  {
    Unlocked const unlocked(lock);
    if (folder_.is_there()) folder_.refresh();
  }
  auto const now = Clock::now();
  next_look_ = now + std::max(rest(), thrift * (now - start));
  tell_all();
}

/// At the first wait. Where the kernel has no more inotify for this user, looking alone must do.
void Watch::arm() {
  if (signal_) return;
  Descriptor signal(file_check(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), folder_.attempt("wait in")));
  Descriptor queue(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  auto const here = "/proc/self/fd/" + std::to_string(folder_.fd());
  auto const changes = IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_ONLYDIR;
  if (queue && (::inotify_add_watch(queue.get(), here.c_str(), changes) != -1 ||
                ::inotify_add_watch(queue.get(), folder_.path().c_str(), changes) != -1))
    queue_ = std::move(queue);
  signal_ = std::move(signal);
}

/// The newcomer's first look may have to come before the one that the leader sleeps for.
void Watch::join_plan() {
  newest_ = Clock::now();
  auto const mine = newest_ + rest();
  if (waiters_.empty()) {
    next_look_ = mine;
  } else if (mine < next_look_) {
    next_look_ = mine;
    ::eventfd_write(signal_.get(), 1);
  }
}

Watch::Clock::duration Watch::rest() const {
  if (is_told()) return longest_rest_;
  return std::clamp<Clock::duration>((Clock::now() - newest_) / patience, shortest_rest, longest_rest_);
}

void Watch::sleep(Deadline until) const {
  pollfd wakers[] = {{queue_.get(), POLLIN, 0}, {signal_.get(), POLLIN, 0}};  // a negative one is passed over
  auto const left = std::min(until.is_never() ? longest_rest_ : until.remaining(), longest_rest_);
  auto const seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
  timespec const time{seconds.count(), (left - seconds).count()};
  ::ppoll(wakers, 2, &time, nullptr);
  eventfd_t signals = 0;
  if (wakers[1].revents != 0) ::eventfd_read(signal_.get(), &signals);
}

void Watch::hear(std::span<char const> events) {
  while (events.size() >= sizeof(inotify_event)) {
    inotify_event event{};
    std::memcpy(&event, events.data(), sizeof event);
    if ((event.mask & IN_Q_OVERFLOW) != 0) tell_all();
    else if (event.len != 0) tell(events.data() + sizeof event, (event.mask & IN_DELETE) != 0);
    events = events.subspan(sizeof event + event.len);
  }
}

void Watch::tell(std::string_view name, bool removed) {
  std::string_view const suffix = Name::marker_suffix;
  bool const marker = name.ends_with(suffix);
  if (marker) name.remove_suffix(suffix.size());
  auto const [first, last] = waiters_.equal_range(name);
  for (auto at = first; at != last; ++at) {
    at->second->due = true;
    at->second->gone |= marker && removed;
    at->second->changed.notify_one();
  }
}

void Watch::tell_all() {
  for (auto const& [name, waiter] : waiters_) {
    waiter->due = true;
    waiter->changed.notify_one();
  }
}

void Watch::close() noexcept {
  Lock const lock(mutex_);
  closed_ = true;
  for (auto const& [name, waiter] : waiters_) waiter->changed.notify_one();
  if (signal_) ::eventfd_write(signal_.get(), 1);
}

}  // namespace proxystore::file
