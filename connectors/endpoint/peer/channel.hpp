#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include <boost/asio/ip/tcp.hpp>

#include "tls.hpp"

namespace proxystore::endpoint {

/// The connection ended, with or without a word: something that may pass.
class Lost : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// TLS over a socket of its own that does not block. Bytes go between the socket and the caller's memory without a
/// buffer between, but OpenSSL's own. For one strand.
class Channel {
 public:
  Channel(boost::asio::ip::tcp::socket socket, Tls::End end);

  /// True when done; false: wait for the socket. All throw Refused or Lost.
  bool handshake();
  /// How many bytes were moved; 0: wait for the socket.
  std::size_t read(std::span<std::byte> target);
  std::size_t write(std::span<std::byte const> source);
  /// Reading or the handshake stopped because nothing more can be written.
  bool wants_write() const noexcept { return wants_write_; }
  /// Tells the other side that nothing more comes, as far as that goes without waiting; reading goes on.
  void end_writing() noexcept;
  /// The same, if it was not done, and closes.
  void close() noexcept;

  boost::asio::ip::tcp::socket& socket() noexcept { return socket_; }
  /// Throws Refused unless the other side has proved to be `name`.
  Proof require(std::string const& name) const { return require_name(*ssl_, *session_, name); }
  std::string const& address() const noexcept { return address_; }

 private:
  std::size_t moved(int result, std::size_t count, char const* verb);

  boost::asio::ip::tcp::socket socket_;
  std::string address_;  // of the other side
  std::unique_ptr<TlsSession> session_;
  SslPtr ssl_;
  bool wants_write_ = false, ended_ = false;
  std::uint64_t with_this_key_ = 0;  // bytes written
};

/// For all sockets of links: small messages go at once, and what waits in the kernel stays little, so that they
/// overtake.
void tune(boost::asio::ip::tcp::socket& socket);
std::string address_of(boost::asio::ip::tcp::socket const& socket);

}  // namespace proxystore::endpoint
