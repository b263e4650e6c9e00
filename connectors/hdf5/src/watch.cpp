#include "watch.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

namespace proxystore::hdf5 {
namespace {

using namespace std::chrono_literals;
constexpr std::chrono::nanoseconds shortest = 1ms, longest = 100ms;  // between two looks

constexpr std::uint32_t announced = IN_MOVED_TO | IN_CREATE | IN_MOVE_SELF | IN_DELETE_SELF | IN_ONLYDIR;

}  // namespace

/// A directory under watch for as long as one of its waiters lives.
class Watch::Place {
 public:
  Place(Watch& watch, std::string const& directory) : watch_(watch) {
    std::lock_guard lock(watch_.mutex_);
    id_ = inotify_add_watch(watch_.inotify_, directory.c_str(), announced);
    if (id_ >= 0) ++watch_.watched_[id_];
  }
  ~Place() {
    if (id_ < 0) return;
    std::lock_guard lock(watch_.mutex_);
    auto const found = watch_.watched_.find(id_);
    if (--found->second > 0) return;
    watch_.watched_.erase(found);
    inotify_rm_watch(watch_.inotify_, id_);
  }
  Place(Place const&) = delete;
  Place& operator=(Place const&) = delete;

 private:
  Watch& watch_;
  int id_;
};

Watch::Watch() : inotify_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)), event_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}

Watch::~Watch() {
  if (inotify_ >= 0) ::close(inotify_);
  if (event_ >= 0) ::close(event_);
}

State Watch::wait(std::string const& directory, Deadline deadline, Look const& look) {
  if (closed_) return State::broken;
  State state = look();
  if (state != State::pending || deadline.expired()) return state;
  Place const place(*this, directory);
  for (auto pause = shortest;; pause = std::min(2 * pause, longest)) {
    std::uint64_t const seen = changes_;  // before looking: nothing is missed between
    if (closed_) return State::broken;
    state = look();
    if (state != State::pending || deadline.expired()) return state;
    sleep(earlier(deadline, pause), seen);
  }
}

/// Until something has changed since `seen`, or it is time, or somebody has to listen.
void Watch::sleep(Deadline until, std::uint64_t seen) {
  std::unique_lock lock(mutex_);
  if (changes_ != seen || closed_) return;
  if (listening_) {
    changed_.wait_until(lock, until.time(), [&] { return changes_ != seen || closed_ || !listening_; });
    return;
  }
  listening_ = true;
  lock.unlock();
  bool const heard = listen(until);
  lock.lock();
  listening_ = false;
  if (heard) ++changes_;
  lock.unlock();
  changed_.notify_all();
}

bool Watch::listen(Deadline until) const {
  std::array<pollfd, 2> files{{{inotify_, POLLIN, 0}, {event_, POLLIN, 0}}};
  auto const left = std::chrono::ceil<std::chrono::milliseconds>(until.remaining()).count();
  if (poll(files.data(), files.size(), static_cast<int>(left)) <= 0) return false;
  alignas(inotify_event) std::array<std::byte, 4096> events;
  while (inotify_ >= 0 && read(inotify_, events.data(), events.size()) > 0) {
  }
  return true;
}

void Watch::close() noexcept {
  {
    std::lock_guard const lock(mutex_);
    closed_ = true;
  }
  std::uint64_t const one = 1;
  [[maybe_unused]] auto const told = write(event_, &one, sizeof one);
  changed_.notify_all();
}

}  // namespace proxystore::hdf5
