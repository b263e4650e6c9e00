/// The least that a server of objects could be: bare sockets over loopback, plain and with TLS, whose other end is a
/// thread of this process.
#pragma once

#include <cstddef>
#include <memory>
#include <thread>
#include <vector>

#include <openssl/ssl.h>

namespace raw {

using Memory = std::unique_ptr<std::byte[]>;

/// Takes objects of one size, each answered with a byte, and gives the last one back.
class Server {
 public:
  explicit Server(std::size_t size);
  ~Server();
  Server(Server const&) = delete;
  Server& operator=(Server const&) = delete;
  void put(std::byte const* object) const;
  Memory get() const;

 private:
  void serve() const;
  std::size_t const size_;
  int client_ = -1, server_ = -1;
  std::jthread thread_;
};

/// Gives the same object again and again, over TLS 1.3 with a shared key.
class TlsServer {
 public:
  explicit TlsServer(std::size_t size);
  ~TlsServer();
  TlsServer(TlsServer const&) = delete;
  TlsServer& operator=(TlsServer const&) = delete;
  Memory get() const;

 private:
  using Ssl = std::unique_ptr<SSL, decltype(&SSL_free)>;
  void serve() const;
  std::size_t const size_;
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  int client_ = -1, server_ = -1;
  std::jthread thread_;
  Ssl ssl_{nullptr, SSL_free};
};

/// Two sockets, and a thread between that passes objects of one size on.
class Relay {
 public:
  explicit Relay(std::size_t size);
  ~Relay();
  Relay(Relay const&) = delete;
  Relay& operator=(Relay const&) = delete;
  void send(std::byte const* object) const;
  void receive(std::byte* object) const;

 private:
  std::size_t const size_;
  int to_[2], from_[2];
  std::jthread thread_;
};

}  // namespace raw
