// What an endpoint costs, beside a bare socket in the same run, over loopback, with a daemon of its own:
//     bench_endpoint
// The bare socket sends as many bytes as the object has to a thread of this process that holds them in memory, and is
// answered with one byte; or sends one byte and gets them. Medians over rounds that take turns; consumers wait already.
#include <proxystore/connectors/endpoint.hpp>
#include <proxystore/proxystore.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <memory>
#include <semaphore>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "daemon.hpp"

using namespace proxystore;
using Clock = std::chrono::steady_clock;

namespace {

constexpr auto settling = std::chrono::microseconds(700);  // until a consumer sleeps

double microseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::micro>(Clock::now() - start).count();
}

double quantile(std::vector<double> values, double part) {
  auto const at = values.begin() + static_cast<std::ptrdiff_t>(part * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

void no_delay(int socket) {
  int const on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

bool send_all(int socket, std::byte const* bytes, std::size_t size) {
  for (std::size_t done = 0; done < size;) {
    auto const n = send(socket, bytes + done, size - done, MSG_NOSIGNAL);
    if (n <= 0) return false;
    done += static_cast<std::size_t>(n);
  }
  return true;
}

bool receive_all(int socket, std::byte* bytes, std::size_t size) {
  for (std::size_t done = 0; done < size;) {
    auto const n = recv(socket, bytes + done, size - done, 0);
    if (n <= 0) return false;
    done += static_cast<std::size_t>(n);
  }
  return true;
}

/// The least that a server could do: takes objects of one size, and gives the last one back.
class Bare {
 public:
  explicit Bare(std::size_t size)
      : size_(size), listener_(socket(AF_INET, SOCK_STREAM, 0)), client_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    bind(listener_, reinterpret_cast<sockaddr*>(&address), length);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
    listen(listener_, 1);
    connect(client_, reinterpret_cast<sockaddr*>(&address), length);
    no_delay(client_);
    server_ = std::jthread([this] { serve(); });
  }
  ~Bare() {
    shutdown(client_, SHUT_RDWR);
    server_.join();
    close(client_);
    close(listener_);
  }
  Bare(Bare const&) = delete;
  Bare& operator=(Bare const&) = delete;

  void put(Buffer const& object) const {
    std::byte word{'p'};
    send_all(client_, &word, 1);
    send_all(client_, object.data(), size_);
    receive_all(client_, &word, 1);
  }
  Buffer get() const {
    std::byte const word{'g'};
    Buffer object(size_);
    send_all(client_, &word, 1);
    receive_all(client_, object.data(), size_);
    return object;
  }

 private:
  void serve() const {
    int const one = accept(listener_, nullptr, nullptr);
    no_delay(one);
    Buffer held;
    for (std::byte word{}; receive_all(one, &word, 1);) {
      if (word == std::byte{'g'}) {
        send_all(one, held.data(), size_);
        continue;
      }
      held = Buffer(size_);
      receive_all(one, held.data(), size_);
      send_all(one, &word, 1);
    }
    close(one);
  }
  std::size_t const size_;
  int const listener_, client_;
  std::jthread server_;
};

unsigned client_key(SSL*, char const*, char* identity, unsigned, unsigned char* key, unsigned) {
  std::copy_n("bench", 6, identity);
  std::fill_n(key, 32, 7);
  return 32;
}
unsigned server_key(SSL*, char const*, unsigned char* key, unsigned) {
  std::fill_n(key, 32, 7);
  return 32;
}

/// Objects of one size over bare TLS 1.3 with a shared key: OpenSSL on a blocking socket, whose other end is a thread
/// that gives the same object again and again.
class BareTls {
 public:
  explicit BareTls(std::size_t size) : size_(size), context_(SSL_CTX_new(TLS_method()), SSL_CTX_free) {
    SSL_CTX_set_min_proto_version(context_.get(), TLS1_3_VERSION);
    SSL_CTX_set_num_tickets(context_.get(), 0);
    SSL_CTX_set_psk_client_callback(context_.get(), client_key);
    SSL_CTX_set_psk_server_callback(context_.get(), server_key);
    int const listener = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    bind(listener, reinterpret_cast<sockaddr*>(&address), length);
    getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length);
    listen(listener, 1);
    ends_[0] = socket(AF_INET, SOCK_STREAM, 0);
    connect(ends_[0], reinterpret_cast<sockaddr*>(&address), length);
    ends_[1] = accept(listener, nullptr, nullptr);
    close(listener);
    for (int const end : ends_) no_delay(end);
    server_ = std::jthread([this] { serve(); });
    client_ = Ssl(SSL_new(context_.get()), SSL_free);
    SSL_set_fd(client_.get(), ends_[0]);
    SSL_connect(client_.get());
  }
  ~BareTls() {
    shutdown(ends_[0], SHUT_RDWR);
    server_.join();
    for (int const end : ends_) close(end);
  }
  BareTls(BareTls const&) = delete;
  BareTls& operator=(BareTls const&) = delete;

  Buffer get() const {
    std::byte const word{'g'};
    Buffer object(size_);
    std::size_t n = 0;
    SSL_write_ex(client_.get(), &word, 1, &n);
    for (std::size_t done = 0; done < size_ && SSL_read_ex(client_.get(), object.data() + done, size_ - done, &n) == 1;)
      done += n;
    return object;
  }

 private:
  using Ssl = std::unique_ptr<SSL, decltype(&SSL_free)>;
  void serve() const {
    Ssl const ssl(SSL_new(context_.get()), SSL_free);
    SSL_set_fd(ssl.get(), ends_[1]);
    SSL_accept(ssl.get());
    Buffer object(size_);
    std::fill(object.span().begin(), object.span().end(), std::byte{'x'});
    std::byte word{};
    for (std::size_t n = 0; SSL_read_ex(ssl.get(), &word, 1, &n) == 1;)
      if (SSL_write_ex(ssl.get(), object.data(), size_, &n) != 1) return;
  }
  std::size_t const size_;
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  int ends_[2];
  std::jthread server_;
  Ssl client_{nullptr, SSL_free};
};

struct Way {
  char const* name;
  std::function<void()> run;
  std::vector<double> each{};
};

void compare(std::string const& title, int rounds, std::vector<Way> ways) {
  for (int round = 0; round < rounds; ++round)
    for (auto& way : ways) {
      auto const start = Clock::now();
      way.run();
      way.each.push_back(microseconds_since(start));
    }
  std::printf("%s\n", title.c_str());
  for (auto const& way : ways)
    std::printf("  %-34s %10.1f us %8.2f\n", way.name, quantile(way.each, 0.5),
                quantile(way.each, 0.5) / quantile(ways[0].each, 0.5));
}

Buffer object_of(std::size_t size) {
  Buffer object(size);
  std::fill(object.span().begin(), object.span().end(), std::byte{'x'});
  return object;
}

void put_and_get(EndpointConnector& connector, std::string const& title, std::size_t size, int rounds) {
  Bare const bare(size);
  auto const object = object_of(size);
  std::vector<Key> keys;
  compare("put " + title, rounds,
          {{"bare socket", [&] { bare.put(object_of(size)); }}, {"EndpointConnector::put", [&] {
                                                                   keys.push_back(connector.put(object_of(size)));
                                                                   if (keys.size() < 4) return;
                                                                   connector.evict(keys.front());
                                                                   keys.erase(keys.begin());
                                                                 }}});
  bare.put(object);
  compare("get " + title, rounds,
          {{"bare socket", [&] { bare.get(); }}, {"EndpointConnector::get", [&] { connector.get(keys.back()); }}});
  for (auto const& key : keys) connector.evict(key);
}

/// From before set() to when the consumer, who waits already, holds the object.
std::vector<double> hand_over(EndpointConnector& producer, EndpointConnector& consumer, int rounds) {
  std::vector<double> took;
  std::vector<Key> keys;
  for (int i = 0; i < rounds; ++i) keys.push_back(producer.new_key({}));
  Clock::time_point start;
  std::binary_semaphore about_to_wait(0), held(0);
  std::jthread thread([&] {
    for (auto const& key : keys) {
      about_to_wait.release();
      consumer.receive(key, Deadline::never());
      took.push_back(microseconds_since(start));
      held.release();
    }
  });
  for (auto const& key : keys) {
    about_to_wait.acquire();
    std::this_thread::sleep_for(settling);
    start = Clock::now();
    producer.set(key, object_of(1024));
    held.acquire();
  }
  return took;
}

/// The same with two bare sockets: the thread between passes on what it gets.
std::vector<double> bare_hand_over(int rounds) {
  int to[2], from[2];
  socketpair(AF_UNIX, SOCK_STREAM, 0, to);
  socketpair(AF_UNIX, SOCK_STREAM, 0, from);
  std::vector<double> took;
  Clock::time_point start;
  std::binary_semaphore about_to_wait(0), held(0);
  Buffer passed(1024), got(1024);
  std::jthread between([&] {
    while (receive_all(to[1], passed.data(), passed.size())) send_all(from[0], passed.data(), passed.size());
  });
  std::jthread consumer([&] {
    for (int i = 0; i < rounds; ++i) {
      about_to_wait.release();
      receive_all(from[1], got.data(), got.size());
      took.push_back(microseconds_since(start));
      held.release();
    }
  });
  for (int i = 0; i < rounds; ++i) {
    about_to_wait.acquire();
    std::this_thread::sleep_for(settling);
    auto const object = object_of(1024);
    start = Clock::now();
    send_all(to[0], object.data(), object.size());
    held.acquire();
  }
  shutdown(to[0], SHUT_RDWR);
  consumer.join();
  between.join();
  for (int const socket : {to[0], to[1], from[0], from[1]}) close(socket);
  return took;
}

void waiting(endpoint_test::Daemon const& daemon) {
  EndpointConnector producer(daemon.options()), consumer(daemon.options());
  std::vector<double> bare, through;
  for (int batch = 0; batch < 11; ++batch) {
    for (auto const one : bare_hand_over(60)) bare.push_back(one);
    for (auto const one : hand_over(producer, consumer, 60)) through.push_back(one);
  }
  std::printf("1 KiB to a consumer that waits            median      p95    beside\n");
  std::printf("  %-34s %8.1f us %8.1f us %6.2f\n", "two bare sockets", quantile(bare, 0.5), quantile(bare, 0.95), 1.0);
  std::printf("  %-34s %8.1f us %8.1f us %6.2f\n", "set to receive", quantile(through, 0.5), quantile(through, 0.95),
              quantile(through, 0.5) / quantile(bare, 0.5));
}

}  // namespace

/// Objects of an endpoint, got through another that is its peer: two hops over HTTP, and TLS between.
void peers() {
  endpoint_test::Folder const folder;
  auto const secret = folder.path() + "/secret";
  endpoint_test::run(folder.path(), {"secret", secret});
  std::vector<std::string> const options{"--max-object-size", "1GiB", "--secret-file", secret};
  auto listening = options;
  listening.insert(listening.end(), {"--listen", "127.0.0.1:0"});
  endpoint_test::Daemon const near(listening, "near");
  endpoint_test::Daemon far(options, "far");
  auto const log = near.log();
  auto const at = log.find("(port ", log.find("peers can dial")) + 6;
  far.stop();
  endpoint_test::run(far.home(),
                     {"peer", "far", near.uuid(), "--address", "127.0.0.1:" + log.substr(at, log.find(')', at) - at)});
  far.start();
  EndpointConnector here(near.options()), there(far.options());
  for (auto const& [title, size, rounds] :
       {std::tuple{"1 KiB", std::size_t{1024}, 2000}, {"64 MiB", std::size_t{64} << 20U, 21}}) {
    BareTls const bare(size);
    auto const key = here.put(object_of(size));
    compare("get " + std::string(title) + " through two endpoints", rounds,
            {{"bare TLS", [&] { bare.get(); }},
             {"of the nearest endpoint", [&] { here.get(key); }},
             {"of its peer", [&] { there.get(key); }}});
    here.evict(key);
  }
  std::vector<double> through;
  for (int batch = 0; batch < 11; ++batch)
    for (auto const one : hand_over(here, there, 60)) through.push_back(one);
  std::printf("  %-34s %8.1f us %8.1f us\n", "set to receive at its peer", quantile(through, 0.5),
              quantile(through, 0.95));
}

int main() {
  endpoint_test::Daemon const daemon({"--max-object-size", "1GiB"});
  EndpointConnector connector(daemon.options());
  put_and_get(connector, "1 KiB", 1024, 4000);
  put_and_get(connector, "64 MiB", std::size_t{64} << 20U, 21);
  waiting(daemon);
  peers();
}
