#include "watch.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <exception>
#include <system_error>
#include <utility>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace proxystore::detail {
namespace {

using namespace std::string_literals;
using std::chrono::milliseconds;

constexpr milliseconds first_pause(10), longest_pause(1000), longest_silence(5000);
constexpr milliseconds shortest_timeout(200);  // a healthy server takes less than 1 ms

milliseconds shorter(milliseconds time, Deadline deadline) {
  return deadline.is_never() ? time : std::min(time, std::chrono::ceil<milliseconds>(deadline.remaining()));
}

}  // namespace

RedisWatch::Bell::Bell() : descriptor_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (descriptor_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
}

RedisWatch::Bell::~Bell() { ::close(descriptor_); }

void RedisWatch::Bell::ring() const noexcept {
  std::uint64_t const one = 1;
  [[maybe_unused]] auto const written = ::write(descriptor_, &one, sizeof one);  // full: it rings already
}

void RedisWatch::Bell::hush() const noexcept {
  std::uint64_t rings = 0;
  [[maybe_unused]] auto const got = ::read(descriptor_, &rings, sizeof rings);  // empty: nobody has rung
}

RedisWatch::RedisWatch(RedisOptions const& options) : options_(options), pause_(first_pause) {}

RedisWatch::Event RedisWatch::wait(std::string const& key, Deadline deadline) {
  std::unique_lock lock(mutex_);
  if (closed_) return Event::closed;
  if (deadline.expired()) return Event::deadline;
  auto const entry = enter(key);
  while (!entry->event && !deadline.expired()) {
    if (listening_) {
      auto const my_turn = [&] { return entry->event || !listening_; };
      if (deadline.is_never()) entry->changed.wait(lock, my_turn);
      else entry->changed.wait_until(lock, deadline.time(), my_turn);
      continue;
    }
    listening_ = true;
    lock.unlock();
    listen(*entry, deadline);
    lock.lock();
    listening_ = false;
  }
  leave(key, *entry);
  return entry->event.value_or(Event::deadline);
}

std::shared_ptr<RedisWatch::Entry> RedisWatch::enter(std::string const& key) {
  auto& entry = entries_[key];
  if (!entry) {
    entry = std::make_shared<Entry>();
    fresh_.push_back(key);
    if (listening_) bell_.ring();
  }
  ++entry->waiters;
  return entry;
}

void RedisWatch::leave(std::string const& key, Entry& entry) {
  if (--entry.waiters == 0 && !entry.event) entries_.erase(key);
  if (listening_) return;
  if (closed_) listener_.reset();
  else if (!entries_.empty()) entries_.begin()->second->changed.notify_all();  // one of them listens from now on
}

void RedisWatch::settle(std::string const& key, Event event) {
  std::shared_ptr<Entry> entry;
  {
    std::lock_guard lock(mutex_);
    auto const found = entries_.find(key);
    if (found == entries_.end()) return;
    entry = std::move(found->second);
    entries_.erase(found);
    entry->event = event;
  }
  entry->changed.notify_all();
}

void RedisWatch::settle_all(Event event) {
  for (auto const& key : pending()) settle(key, event);
}

bool RedisWatch::settled(Entry const& entry) const {
  std::lock_guard lock(mutex_);
  return entry.event.has_value();
}

void RedisWatch::close() {
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
    if (!listening_) listener_.reset();
  }
  settle_all(Event::closed);
  bell_.ring();
}

std::vector<std::string> RedisWatch::pending() const {
  std::lock_guard lock(mutex_);
  std::vector<std::string> keys;
  for (auto const& [key, entry] : entries_) keys.push_back(key);
  return keys;
}

/// Until the own key is settled or the deadline has come.
void RedisWatch::listen(Entry const& own, Deadline deadline) noexcept {
  while (!settled(own) && !deadline.expired()) {
    try {
      serve(own, deadline);
    } catch (std::exception const& error) {  // the server went, or will not have us: those who wait go on
      listener_.reset();
      say(std::string("cannot listen: ") + error.what());
      sleep(-1, shorter(pause_, deadline));
      pause_ = std::min(2 * pause_, longest_pause);
    }
  }
}

void RedisWatch::connect(milliseconds timeout) {
  auto options = options_;
  options.timeout = timeout;
  listener_ = std::make_unique<RedisListener>(options);
  pause_ = first_pause;
  all_ = true;
}

std::vector<std::string> RedisWatch::take_work() {
  bool const all = std::exchange(all_, !listener_->pushed());
  std::vector<std::string> fresh;
  {
    std::lock_guard lock(mutex_);
    fresh.swap(fresh_);
  }
  return all ? pending() : fresh;
}

void RedisWatch::serve(Entry const& own, Deadline deadline) {
  auto const timeout = std::max(shorter(options_.timeout, deadline), std::min(shortest_timeout, options_.timeout));
  if (listener_) listener_->limit(timeout);
  else connect(timeout);
  bool const pushed = listener_->pushed();
  auto const keys = take_work();
  for (auto const& key : listener_->watch(keys)) settle(key, Event::changed);
  if (!keys.empty())
    say(pushed ? "woken by the server"s : "looking every " + std::to_string(options_.poll.count()) + " ms");
  if (settled(own)) return;
  auto const silence = pushed ? std::min(longest_silence, options_.timeout) : options_.poll;
  auto const rest = shorter(silence, deadline);
  auto const woken = sleep(pushed ? listener_->descriptor() : -1, rest);
  if (woken == Woken::by_server)
    for (auto const& key : listener_->read()) key.empty() ? settle_all(Event::changed) : settle(key, Event::changed);
  else if (woken == Woken::by_nobody && rest == silence) listener_->beat();
}

RedisWatch::Woken RedisWatch::sleep(int descriptor, milliseconds longest) const {
  pollfd sources[] = {{bell_.descriptor(), POLLIN, 0}, {descriptor, POLLIN, 0}};
  if (poll(sources, 2, static_cast<int>(longest.count())) <= 0) return Woken::by_nobody;
  if (sources[1].revents != 0) return Woken::by_server;
  bell_.hush();
  return Woken::by_bell;
}

void RedisWatch::say(std::string text) {
  std::lock_guard lock(mutex_);
  state_ = std::move(text);
}

std::string RedisWatch::report() const {
  std::lock_guard lock(mutex_);
  return std::to_string(entries_.size()) + " keys waited for (" + state_ + ")";
}

}  // namespace proxystore::detail
