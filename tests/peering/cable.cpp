#include <array>
#include <atomic>
#include <future>
#include <mutex>
#include <set>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include <poll.h>
#include <sys/socket.h>

#include "site.hpp"

namespace peering_test {

using boost::asio::ip::tcp;

namespace {

tcp::endpoint local(std::uint16_t port) { return {boost::asio::ip::address_v4::loopback(), port}; }

struct Pair : std::enable_shared_from_this<Pair> {
  Pair(tcp::socket from, tcp::socket to) : sides{std::move(from), std::move(to)} {}

  void pass(int from, std::function<void(std::string_view)> const& saw) {
    auto& buffer = buffers[static_cast<std::size_t>(from)];
    sides[static_cast<std::size_t>(from)].async_read_some(
        boost::asio::buffer(buffer),
        [self = shared_from_this(), from, saw](boost::system::error_code error, std::size_t count) {
          if (error) return self->close();
          if (self->frozen) return;
          auto& read = self->buffers[static_cast<std::size_t>(from)];
          saw({read.data(), count});
          boost::asio::async_write(self->sides[static_cast<std::size_t>(1 - from)],
                                   boost::asio::buffer(read.data(), count),
                                   [self, from, saw](boost::system::error_code failed, std::size_t) {
                                     if (failed) return self->close();
                                     self->pass(from, saw);
                                   });
        });
  }
  void close() {
    boost::system::error_code ignored;
    for (auto& side : sides) side.close(ignored);
  }

  std::array<tcp::socket, 2> sides;
  std::array<std::array<char, 65536>, 2> buffers;
  bool frozen = false;
};

}  // namespace

struct Cable::State {
  boost::asio::io_context context;
  tcp::acceptor acceptor{context, local(0)};
  std::uint16_t const port = acceptor.local_endpoint().port();
  tcp::endpoint to;
  std::set<std::shared_ptr<Pair>> pairs;
  bool cut = false, frozen = false;
  std::mutex mutex;
  std::string seen;
  std::atomic<std::size_t> connections = 0;
  std::jthread thread;

  void accept() {
    acceptor.async_accept([this](boost::system::error_code error, tcp::socket socket) {
      if (error) return;
      if (!cut) connect(std::move(socket));
      accept();
    });
  }
  void connect(tcp::socket from) {
    tcp::socket onward(context);
    boost::system::error_code failed;
    if (onward.connect(to, failed)) return;
    ++connections;
    auto const pair = std::make_shared<Pair>(std::move(from), std::move(onward));
    pair->frozen = frozen;
    pairs.insert(pair);
    for (int const side : {0, 1})
      pair->pass(side, [this](std::string_view bytes) {
        std::lock_guard const lock(mutex);
        seen += bytes;
      });
  }
  void run(std::function<void()> const& what) {
    std::promise<void> done;
    boost::asio::post(context, [&] {
      what();
      done.set_value();
    });
    done.get_future().wait();
  }
};

Cable::Cable(std::uint16_t to) : state_(std::make_unique<State>()) {
  state_->to = local(to);
  state_->accept();
  state_->thread = std::jthread([state = state_.get()] { state->context.run(); });
}

Cable::~Cable() { state_->context.stop(); }

std::string Cable::address() const { return "127.0.0.1:" + std::to_string(state_->port); }
std::size_t Cable::connections() const { return state_->connections; }

void Cable::cut() {
  state_->run([this] {
    state_->cut = true;
    for (auto const& pair : state_->pairs) pair->close();
    state_->pairs.clear();
  });
}

void Cable::mend() {
  state_->run([this] { state_->cut = false; });
}

void Cable::freeze() {
  state_->run([this] {
    state_->frozen = true;
    for (auto const& pair : state_->pairs) pair->frozen = true;
  });
}

void Cable::thaw() {
  state_->run([this] { state_->frozen = false; });
}

std::string Cable::seen() const {
  std::lock_guard const lock(state_->mutex);
  return state_->seen;
}

std::string talk(std::uint16_t port, std::string const& text, std::chrono::milliseconds limit) {
  boost::asio::io_context context;
  tcp::socket socket(context);
  boost::system::error_code failed;
  socket.connect(local(port), failed);
  if (failed) return "refused";
  boost::asio::write(socket, boost::asio::buffer(text), failed);
  std::string heard;
  auto const end = std::chrono::steady_clock::now() + limit;
  for (std::array<char, 4096> buffer;;) {
    auto const left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    pollfd watched{socket.native_handle(), POLLIN, 0};
    if (left.count() <= 0 || poll(&watched, 1, static_cast<int>(left.count())) == 0) return "silence";
    auto const count = recv(socket.native_handle(), buffer.data(), buffer.size(), 0);
    if (count <= 0) return heard;
    heard.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

}  // namespace peering_test
