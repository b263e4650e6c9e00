#include "site.hpp"

#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

namespace peering_test {

using boost::asio::io_context;

namespace {

/// A context that runs until it is destroyed, after what it was told to do last.
struct Running {
  io_context context;
  boost::asio::executor_work_guard<io_context::executor_type> work{context.get_executor()};
  std::vector<std::jthread> threads;

  Running() {
    for (int i = 0; i < 2; ++i) threads.emplace_back([this] { context.run(); });
  }
  ~Running() { work.reset(); }
  void finish() {
    work.reset();
    threads.clear();
  }
};

template <class Ready>
bool await(Ready&& ready, std::chrono::milliseconds limit = patience) {
  auto const end = std::chrono::steady_clock::now() + limit;
  while (!ready()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(2ms);
  }
  return true;
}

}  // namespace

struct Journal::State {
  std::mutex mutex;
  std::condition_variable changed;
  std::string text;
};

Journal::Journal() : state_(std::make_shared<State>()) {}

Log Journal::log() const {
  return [state = state_](LogLevel level, std::string_view line) {
    std::lock_guard const lock(state->mutex);
    state->text += level == LogLevel::warning ? "warning: " : "info: ";
    (state->text += line) += '\n';
    state->changed.notify_all();
  };
}

bool Journal::awaits(std::vector<std::string> const& parts, std::chrono::milliseconds limit) const {
  std::unique_lock lock(state_->mutex);
  return state_->changed.wait_for(lock, limit, [&] {
    std::size_t begin = 0;
    for (auto end = state_->text.find('\n'); end != std::string::npos; end = state_->text.find('\n', begin)) {
      auto const line = state_->text.substr(begin, end - begin);
      begin = end + 1;
      bool all = true;
      for (auto const& part : parts) all = all && line.find(part) != std::string::npos;
      if (all) return true;
    }
    return false;
  });
}

bool Journal::has(std::string_view part) const { return text().find(part) != std::string::npos; }

std::string Journal::text() const {
  std::lock_guard const lock(state_->mutex);
  return state_->text;
}

Secret secret(char of) { return Secret(std::string(Secret::shortest, of)); }

namespace {

/// The smallest store with what a handler has to do.
class Objects : public std::enable_shared_from_this<Objects> {
 public:
  void handle(Request request, Answer const& answer) {
    std::unique_lock lock(mutex_);
    auto const found = objects_.find(request.key);
    bool const there = found != objects_.end();
    switch (request.op) {
      case Op::exists: lock.unlock(); return answer({there ? Reply::Status::ok : Reply::Status::absent});
      case Op::get:
        if (!there) break;
        return answer({.status = Reply::Status::ok, .text = {}, .data = found->second});
      case Op::set:
        if (there) return answer({Reply::Status::already_set});
        lock.unlock();
        put(request.key, std::move(request.data));
        return answer({});
      case Op::evict:
        if (there) objects_.erase(found);
        return answer({});
      case Op::wait:
        if (there) return answer({});
        wait(request.key, answer, lock);
        return;
    }
    answer({Reply::Status::absent});
  }

  void put(std::string const& key, Bytes object) {
    std::vector<Answer> woken;
    {
      std::lock_guard const lock(mutex_);
      objects_.emplace(key, std::move(object));
      auto const [from, to] = waiting_.equal_range(key);
      for (auto each = from; each != to; ++each) woken.push_back(each->second.second);
      waiting_.erase(from, to);
    }
    for (auto const& answer : woken) answer({});
  }

  Bytes get(std::string const& key) {
    std::lock_guard const lock(mutex_);
    auto const found = objects_.find(key);
    return found == objects_.end() ? Bytes() : found->second;
  }
  std::size_t waiting() {
    std::lock_guard const lock(mutex_);
    return waiting_.size();
  }
  std::size_t abandoned() {
    std::lock_guard const lock(mutex_);
    return abandoned_;
  }

 private:
  void wait(std::string const& key, Answer const& answer, std::unique_lock<std::mutex>& lock) {
    auto const number = ++last_;
    waiting_.emplace(key, std::pair(number, answer));
    lock.unlock();
    answer.when_unwanted([self = weak_from_this(), key, number] {
      if (auto const objects = self.lock()) objects->forget(key, number);
    });
  }
  void forget(std::string const& key, std::uint64_t number) {
    std::lock_guard const lock(mutex_);
    auto const [from, to] = waiting_.equal_range(key);
    for (auto each = from; each != to; ++each)
      if (each->second.first == number) {
        auto const answer = each->second.second;  // destroyed after the lock
        waiting_.erase(each);
        ++abandoned_;
        return;
      }
  }

  std::mutex mutex_;
  std::map<std::string, Bytes> objects_;
  std::multimap<std::string, std::pair<std::uint64_t, Answer>> waiting_;
  std::uint64_t last_ = 0;
  std::size_t abandoned_ = 0;
};

}  // namespace

struct Site::State {
  Running running;
  std::shared_ptr<Objects> objects = std::make_shared<Objects>();
  std::string uuid;
  std::unique_ptr<Peers> peers;
};

Site::Site(std::string const& uuid, std::function<void(PeersOptions&)> change, SiteOptions site)
    : state_(std::make_unique<State>()) {
  PeersOptions options{.uuid = uuid, .identity = secret('s'), .log = journal.log()};
  if (site.listens) options.listen = "127.0.0.1:0";
  if (change) change(options);
  if (!site.handler)
    site.handler = [objects = state_->objects](std::string const&, Request request, Answer const& answer) {
      objects->handle(std::move(request), answer);
    };
  state_->uuid = uuid;
  state_->peers = std::make_unique<Peers>(state_->running.context, std::move(options), std::move(site.handler));
}

Site::~Site() {
  state_->peers.reset();
  state_->running.finish();
}

Peers& Site::peers() noexcept { return *state_->peers; }
std::string const& Site::uuid() const noexcept { return state_->uuid; }
std::string Site::address() const { return "127.0.0.1:" + std::to_string(state_->peers->port()); }

void Site::knows(std::string const& uuid, std::string const& address, KnownPeer::Dial dial) {
  peers().know({.uuid = uuid, .address = address, .dial = dial});
}

std::future<Reply> Site::ask(std::string const& uuid, Request request) {
  auto const promise = std::make_shared<std::promise<Reply>>();
  peers().request(uuid, std::move(request), [promise](Reply reply) { promise->set_value(std::move(reply)); });
  return promise->get_future();
}

Reply Site::answer(std::string const& uuid, Request request) {
  auto reply = ask(uuid, std::move(request));
  if (reply.wait_for(patience) != std::future_status::ready)
    return {.status = Reply::Status::error, .text = "no reply at all"};
  return reply.get();
}

void Site::put(std::string const& key, Bytes object) { state_->objects->put(key, std::move(object)); }
Bytes Site::object(std::string const& key) const { return state_->objects->get(key); }
std::size_t Site::waiting() const { return state_->objects->waiting(); }
std::size_t Site::abandoned() const { return state_->objects->abandoned(); }

PeerStatus Site::status(std::string const& uuid) {
  auto const promise = std::make_shared<std::promise<std::vector<PeerStatus>>>();
  auto all = promise->get_future();
  peers().status([promise](auto found) { promise->set_value(std::move(found)); });
  if (all.wait_for(patience) == std::future_status::ready)
    for (auto& one : all.get())
      if (one.uuid == uuid) return one;
  return {};
}

bool Site::becomes(std::string const& uuid, std::function<bool(PeerStatus const&)> const& wanted) {
  return await([&] { return wanted(status(uuid)); });
}

bool Site::linked(std::string const& uuid) {
  return becomes(uuid, [](PeerStatus const& status) { return status.state == PeerStatus::State::up; });
}

bool Site::stop() {
  auto const promise = std::make_shared<std::promise<void>>();
  auto done = promise->get_future();
  peers().stop([promise] { promise->set_value(); });
  return done.wait_for(patience) == std::future_status::ready;
}

void Site::knows(Site const& other, KnownPeer::Dial dial) { knows(other.uuid(), other.address(), dial); }

struct RelayHost::State {
  Running running;
  std::unique_ptr<Relay> relay;
};

RelayHost::RelayHost(std::function<void(RelayOptions&)> change) : state_(std::make_unique<State>()) {
  RelayOptions options{.identity = secret('r'), .log = journal.log()};
  if (change) change(options);
  state_->relay = std::make_unique<Relay>(state_->running.context, std::move(options));
}

RelayHost::~RelayHost() {
  state_->relay.reset();
  state_->running.finish();
}

std::uint16_t RelayHost::port() const { return state_->relay->port(); }
std::string RelayHost::address() const { return "127.0.0.1:" + std::to_string(port()); }

RelayStatus RelayHost::status() {
  auto const promise = std::make_shared<std::promise<RelayStatus>>();
  auto status = promise->get_future();
  state_->relay->status([promise](RelayStatus found) { promise->set_value(found); });
  return status.wait_for(patience) == std::future_status::ready ? status.get() : RelayStatus{};
}

bool RelayHost::becomes(std::function<bool(RelayStatus const&)> const& wanted) {
  return await([&] { return wanted(status()); });
}

Bytes bytes_of(std::string_view text) { return Bytes::copy_of(text); }

Bytes pattern(std::size_t size, unsigned seed) {
  Buffer buffer(size);
  auto state = seed;
  for (auto& byte : buffer.span()) {
    state = state * 1664525U + 1013904223U;
    byte = static_cast<std::byte>(state >> 24U);
  }
  return std::move(buffer).freeze();
}

}  // namespace peering_test
