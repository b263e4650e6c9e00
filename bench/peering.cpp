// What a link between two endpoints costs, beside bare TLS of the same kind in the same run, over loopback:
//     bench_peering
// Medians over batches that take turns. Each end has one thread.
#include <algorithm>
#include <array>
#include <functional>
#include <future>
#include <memory>
#include <semaphore>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "peer/peers.hpp"
#include "peer/tls.hpp"
#include "rows.hpp"

using namespace proxystore;
using namespace proxystore::endpoint;
using boost::asio::ip::tcp;

namespace {

constexpr std::size_t large = std::size_t{64} << 20U, small = 10;
std::string const here = "11111111-1111-4111-8111-111111111111", there = "22222222-2222-4222-8222-222222222222";
Secret const secret = Secret::random();

Bytes filled(std::size_t size) {
  Buffer buffer(size);
  std::fill(buffer.span().begin(), buffer.span().end(), std::byte{7});
  return std::move(buffer).freeze();
}

/// OpenSSL on blocking sockets: a thread that answers each word with as many bytes as the word says.
class Bare {
 public:
  Bare() {
    tcp::acceptor acceptor(context_, {boost::asio::ip::address_v4::loopback(), 0});
    client_.connect(acceptor.local_endpoint());
    acceptor.accept(server_);
    for (auto* const socket : {&client_, &server_}) socket->set_option(tcp::no_delay(true));
    SSL_set_fd(client_end_.ssl.get(), client_.native_handle());
    SSL_set_fd(server_end_.ssl.get(), server_.native_handle());
    thread_ = std::jthread([this] { serve(); });
    tls_check(SSL_do_handshake(client_end_.ssl.get()), "SSL_do_handshake");
  }
  ~Bare() { client_.shutdown(tcp::socket::shutdown_both); }
  Bare(Bare const&) = delete;
  Bare& operator=(Bare const&) = delete;

  void ask(std::size_t size, std::byte* target) {
    send(client_end_, std::as_bytes(std::span(&size, 1)));
    receive(client_end_, {target, size});
  }

 private:
  void serve() {
    auto const data = filled(large);
    std::size_t size = 0;
    if (SSL_do_handshake(server_end_.ssl.get()) != 1) return;
    while (receive(server_end_, std::as_writable_bytes(std::span(&size, 1))))
      send(server_end_, data.span().first(size));
  }
  static void send(Tls::End const& end, std::span<std::byte const> source) {
    while (!source.empty()) {
      std::size_t count = 0;
      if (SSL_write_ex(end.ssl.get(), source.data(), source.size(), &count) != 1) return;
      source = source.subspan(count);
    }
  }
  static bool receive(Tls::End const& end, std::span<std::byte> target) {
    while (!target.empty()) {
      std::size_t count = 0;
      if (SSL_read_ex(end.ssl.get(), target.data(), target.size(), &count) != 1) return false;
      target = target.subspan(count);
    }
    return true;
  }

  Tls const client_tls_{secret, here, [](auto const&) { return std::nullopt; }};
  Tls const server_tls_{secret, there, [](auto const&) { return secret; }};
  Tls::End client_end_ = client_tls_.client(there, secret), server_end_ = server_tls_.server();
  boost::asio::io_context context_;
  tcp::socket client_{context_}, server_{context_};
  std::jthread thread_;
};

class Endpoint {
 public:
  Endpoint(std::string const& uuid, Handler handler) {
    PeersOptions options{.uuid = uuid, .identity = secret, .listen = "127.0.0.1:0"};
    peers_ = std::make_unique<Peers>(context_, std::move(options), std::move(handler));
    thread_ = std::jthread([this] { context_.run(); });
  }
  ~Endpoint() {
    peers_.reset();
    work_.reset();
  }
  Peers& peers() noexcept { return *peers_; }

 private:
  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{context_.get_executor()};
  std::unique_ptr<Peers> peers_;
  std::jthread thread_;
};

class Linked {
 public:
  Linked() { near_.peers().know({.uuid = there, .address = "127.0.0.1:" + std::to_string(far_.peers().port())}); }

  Reply ask(Request request) {
    std::promise<Reply> promise;
    near_.peers().request(there, std::move(request), [&](Reply reply) { promise.set_value(std::move(reply)); });
    return promise.get_future().get();
  }
  Reply get(std::string key) { return ask({.op = Op::get, .key = std::move(key), .deadline = {}}); }
  Reply set(Bytes data) { return ask({Op::set, "large", std::move(data), {}}); }

  /// `count` gets of the small object, `at_a_time` of them under way.
  void get_many(int count, int at_a_time) {
    std::counting_semaphore<> room(at_a_time);
    for (int i = 0; i < count; ++i) {
      room.acquire();
      near_.peers().request(there, {.op = Op::get, .key = "small", .deadline = {}},
                            [&](Reply const&) { room.release(); });
    }
    for (int i = 0; i < at_a_time; ++i) room.acquire();
  }

 private:
  static void serve(Request const& request, Answer const& answer) {
    static Bytes const large_object = filled(large), small_object = filled(small);
    if (request.op != Op::get) return answer({});
    answer({.status = Reply::Status::ok, .text = {}, .data = request.key == "large" ? large_object : small_object});
  }

  Endpoint far_{there,
                [](std::string const&, Request const& request, Answer const& answer) { serve(request, answer); }};
  Endpoint near_{here, {}};
};

}  // namespace

int main(int argc, char** argv) {
  bench::Program program("peering", argc, argv);
  Bare bare;
  Linked linked;
  auto const object = filled(large);
  auto const target = std::make_unique<std::byte[]>(large);
  auto const get_bare = [&] { bare.ask(large, target.get()); };
  auto const add_large = [&](char const* name, auto ours) {
    program.add({.name = name, .ours = {ours}, .twin = {get_bare}, .unit = "ms", .repetitions = 15});
  };
  add_large("link, 64 MiB got, beside TLS", [&] { linked.get("large"); });
  add_large("link, 64 MiB set, beside TLS", [&] { linked.set(object); });

  int const times = program.count(1000);
  auto const add_small = [&](std::string const& name, auto ours) {
    program.add({.name = name,
                 .ours = {ours},
                 .twin = {[&, times] {
                   for (int i = 0; i < times; ++i) bare.ask(small, target.get());
                 }},
                 .each = static_cast<double>(times),
                 .repetitions = 15});
  };
  add_small("link, 10 B got, beside TLS", [&, times] {
    for (int i = 0; i < times; ++i) linked.get("small");
  });
  for (int const at_a_time : {16, 256})
    add_small("link, 10 B got, " + std::to_string(at_a_time) + " at a time, beside TLS one by one",
              [&, times, at_a_time] { linked.get_many(times, at_a_time); });
  return program.run();
}
