#include "endpoint.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>
#include <algorithm>

namespace raw {
namespace {

bool send_all(int socket, std::byte const* bytes, std::size_t size) {
  for (std::size_t done = 0; done < size;) {
    auto const n = ::send(socket, bytes + done, size - done, MSG_NOSIGNAL);
    if (n <= 0) return false;
    done += static_cast<std::size_t>(n);
  }
  return true;
}

bool receive_all(int socket, std::byte* bytes, std::size_t size) {
  for (std::size_t done = 0; done < size;) {
    auto const n = ::recv(socket, bytes + done, size - done, 0);
    if (n <= 0) return false;
    done += static_cast<std::size_t>(n);
  }
  return true;
}

/// Two ends of a connection over loopback.
void connect(int& client, int& server) {
  int const listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  bind(listener, reinterpret_cast<sockaddr*>(&address), length);
  getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length);
  listen(listener, 1);
  client = socket(AF_INET, SOCK_STREAM, 0);
  ::connect(client, reinterpret_cast<sockaddr*>(&address), length);
  server = accept(listener, nullptr, nullptr);
  close(listener);
  for (int const end : {client, server}) setsockopt(end, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

Memory memory_of(std::size_t size) { return Memory(new std::byte[size]); }

unsigned client_key(SSL*, char const*, char* identity, unsigned, unsigned char* key, unsigned) {
  std::copy_n("bench", 6, identity);
  std::fill_n(key, 32, static_cast<unsigned char>(7));
  return 32;
}
unsigned server_key(SSL*, char const*, unsigned char* key, unsigned) {
  std::fill_n(key, 32, static_cast<unsigned char>(7));
  return 32;
}

}  // namespace

Server::Server(std::size_t size) : size_(size) {
  connect(client_, server_);
  thread_ = std::jthread([this] { serve(); });
}

Server::~Server() {
  shutdown(client_, SHUT_RDWR);
  thread_.join();
  close(client_);
  close(server_);
}

void Server::put(std::byte const* object) const {
  std::byte word{'p'};
  send_all(client_, &word, 1);
  send_all(client_, object, size_);
  receive_all(client_, &word, 1);
}

Memory Server::get() const {
  std::byte const word{'g'};
  auto object = memory_of(size_);
  send_all(client_, &word, 1);
  receive_all(client_, object.get(), size_);
  return object;
}

void Server::serve() const {
  Memory held;
  for (std::byte word{}; receive_all(server_, &word, 1);) {
    if (word == std::byte{'g'}) {
      send_all(server_, held.get(), size_);
      continue;
    }
    held = memory_of(size_);
    receive_all(server_, held.get(), size_);
    send_all(server_, &word, 1);
  }
}

TlsServer::TlsServer(std::size_t size) : size_(size), context_(SSL_CTX_new(TLS_method()), SSL_CTX_free) {
  SSL_CTX_set_min_proto_version(context_.get(), TLS1_3_VERSION);
  SSL_CTX_set_num_tickets(context_.get(), 0);
  SSL_CTX_set_psk_client_callback(context_.get(), client_key);
  SSL_CTX_set_psk_server_callback(context_.get(), server_key);
  connect(client_, server_);
  thread_ = std::jthread([this] { serve(); });
  ssl_ = Ssl(SSL_new(context_.get()), SSL_free);
  SSL_set_fd(ssl_.get(), client_);
  SSL_connect(ssl_.get());
}

TlsServer::~TlsServer() {
  shutdown(client_, SHUT_RDWR);
  thread_.join();
  close(client_);
  close(server_);
}

Memory TlsServer::get() const {
  std::byte const word{'g'};
  auto object = memory_of(size_);
  std::size_t n = 0;
  SSL_write_ex(ssl_.get(), &word, 1, &n);
  for (std::size_t done = 0; done < size_ && SSL_read_ex(ssl_.get(), object.get() + done, size_ - done, &n) == 1;)
    done += n;
  return object;
}

void TlsServer::serve() const {
  Ssl const ssl(SSL_new(context_.get()), SSL_free);
  SSL_set_fd(ssl.get(), server_);
  SSL_accept(ssl.get());
  auto const object = memory_of(size_);
  std::fill_n(object.get(), size_, std::byte{'x'});
  std::byte word{};
  for (std::size_t n = 0; SSL_read_ex(ssl.get(), &word, 1, &n) == 1;)
    if (SSL_write_ex(ssl.get(), object.get(), size_, &n) != 1) return;
}

Relay::Relay(std::size_t size) : size_(size) {
  socketpair(AF_UNIX, SOCK_STREAM, 0, to_);
  socketpair(AF_UNIX, SOCK_STREAM, 0, from_);
  thread_ = std::jthread([this] {
    auto const passed = memory_of(size_);
    while (receive_all(to_[1], passed.get(), size_)) send_all(from_[0], passed.get(), size_);
  });
}

Relay::~Relay() {
  shutdown(to_[0], SHUT_RDWR);
  thread_.join();
  for (int const end : {to_[0], to_[1], from_[0], from_[1]}) close(end);
}

void Relay::send(std::byte const* object) const { send_all(to_[0], object, size_); }
void Relay::receive(std::byte* object) const { receive_all(from_[1], object, size_); }

}  // namespace raw
