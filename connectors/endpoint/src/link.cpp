#include "link.hpp"

#include <cerrno>
#include <memory>
#include <system_error>

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <boost/asio/error.hpp>

#include "lost.hpp"

namespace proxystore::detail {
namespace {

using std::chrono::milliseconds;

struct FreeAddresses {
  void operator()(addrinfo* list) const noexcept { freeaddrinfo(list); }
};

timeval timeval_of(milliseconds time) {
  return {static_cast<time_t>(time.count() / 1000), static_cast<suseconds_t>(time.count() % 1000 * 1000)};
}

/// 0, or the error.
int connect_within(int socket, addrinfo const& address, milliseconds timeout) {
  int const flags = fcntl(socket, F_GETFL);
  fcntl(socket, F_SETFL, flags | O_NONBLOCK);
  if (::connect(socket, address.ai_addr, address.ai_addrlen) != 0) {
    if (errno != EINPROGRESS) return errno;
    pollfd ready{socket, POLLOUT, 0};
    int n = 0;
    do {
      n = poll(&ready, 1, static_cast<int>(timeout.count()));
    } while (n < 0 && errno == EINTR);
    if (n == 0) return ETIMEDOUT;
    int error = 0;
    socklen_t length = sizeof error;
    getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &length);
    if (error != 0) return error;
  }
  fcntl(socket, F_SETFL, flags);
  return 0;
}

boost::system::error_code last_error() {
  if (errno == EAGAIN || errno == EWOULDBLOCK) return boost::asio::error::timed_out;
  return {errno, boost::system::system_category()};
}

}  // namespace

Link::Link(std::string const& host, int port, milliseconds timeout)
    : server_("endpoint at " + (host.find(':') == std::string::npos ? host : '[' + host + ']') + ":" +
              std::to_string(port)) {
  connect(host, port, timeout);
  int const on = 1;
  setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(socket_, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  limit(timeout);
}

Link::~Link() {
  if (socket_ >= 0) close(socket_);
}

void Link::connect(std::string const& host, int port, milliseconds timeout) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (int const error = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found); error != 0)
    throw EndpointLost("no connection to " + server_ + " (" + gai_strerror(error) + ")", EndpointLost::Why::broken);
  std::unique_ptr<addrinfo, FreeAddresses> const list(found);
  int error = ENOENT;
  for (auto const* address = found; address; address = address->ai_next) {
    socket_ = socket(address->ai_family, address->ai_socktype | SOCK_CLOEXEC, address->ai_protocol);
    error = socket_ < 0 ? errno : connect_within(socket_, *address, timeout);
    if (error == 0) return;
    if (socket_ >= 0) close(socket_);
    socket_ = -1;
  }
  throw EndpointLost("no connection to " + server_ + " (" + std::generic_category().message(error) + ")",
                     error == ETIMEDOUT ? EndpointLost::Why::timed_out : EndpointLost::Why::broken);
}

void Link::shut() const noexcept { shutdown(socket_, SHUT_RDWR); }

void Link::limit(milliseconds timeout) {
  if (timeout == timeout_) return;
  timeout_ = timeout;
  auto const time = timeval_of(timeout);
  setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
  setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
}

std::size_t Link::read(iovec* parts, std::size_t count, boost::system::error_code& error) const {
  error = {};
  if (count == 0) return 0;
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = count;
  ssize_t n = 0;
  do {
    n = recvmsg(socket_, &message, 0);
  } while (n < 0 && errno == EINTR);
  if (n < 0) error = last_error();
  else if (n == 0) error = boost::asio::error::eof;
  return n < 0 ? 0 : static_cast<std::size_t>(n);
}

std::size_t Link::write(iovec* parts, std::size_t count, boost::system::error_code& error) const {
  error = {};
  if (count == 0) return 0;
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = count;
  ssize_t n = 0;
  do {
    n = sendmsg(socket_, &message, MSG_NOSIGNAL);
  } while (n < 0 && errno == EINTR);
  if (n < 0) error = last_error();
  return n < 0 ? 0 : static_cast<std::size_t>(n);
}

}  // namespace proxystore::detail
