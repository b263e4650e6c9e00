#include "raw.hpp"

#include <array>
#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace endpoint_test {
namespace {

void limit(int socket, std::chrono::milliseconds patience) {
  timeval const time{patience.count() / 1000, patience.count() % 1000 * 1000};
  setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
}

}  // namespace

Raw::Raw(int port) : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error("nobody listens on port " + std::to_string(port));
}

Raw::~Raw() { close(socket_); }

bool Raw::say(std::string_view bytes) const {
  while (!bytes.empty()) {
    auto const n = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

void Raw::end() const { shutdown(socket_, SHUT_WR); }

std::string Raw::hear(std::chrono::milliseconds quiet) const {
  limit(socket_, quiet);
  std::string heard;
  std::array<char, 65536> some{};
  for (ssize_t n = 0; (n = recv(socket_, some.data(), some.size(), 0)) > 0;)
    heard.append(some.data(), static_cast<std::size_t>(n));
  return heard;
}

std::string Raw::hear_until(std::string_view text) const {
  limit(socket_, std::chrono::seconds(20));
  std::string heard;
  std::array<char, 4096> some{};
  while (heard.find(text) == heard.npos) {
    auto const n = recv(socket_, some.data(), some.size(), 0);
    if (n <= 0) break;
    heard.append(some.data(), static_cast<std::size_t>(n));
  }
  return heard;
}

std::string ask(int port, std::string_view request) {
  Raw const raw(port);
  raw.say(request);
  raw.end();
  return raw.hear();
}

}  // namespace endpoint_test
