#include "stand_in.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <stdexcept>
#include <utility>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace endpoint_test {
namespace {

bool say(int client, std::string const& bytes) {
  for (std::size_t done = 0; done < bytes.size();) {
    auto const n = send(client, bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);
    if (n <= 0) return false;
    done += static_cast<std::size_t>(n);
  }
  return true;
}

bool more(int client, std::string& buffer) {
  std::array<char, 65536> some{};
  auto const n = recv(client, some.data(), some.size(), 0);
  if (n > 0) buffer.append(some.data(), static_cast<std::size_t>(n));
  return n > 0;
}

std::string head(std::string const& status, std::string const& type, std::string const& length) {
  return "HTTP/1.1 " + status + "\r\ndate: Fri, 03 Apr 2026 10:00:00 GMT\r\nserver: uvicorn\r\ncontent-type: " + type +
         "\r\n" + length + "\r\n\r\n";
}

std::string plain(std::string const& status, std::string const& text,
                  std::string const& type = "text/html; charset=utf-8") {
  return head(status, type, "content-length: " + std::to_string(text.size())) + text;
}

std::string chunked(std::string const& bytes) {
  auto out = head("200 OK", "application/octet-stream", "Transfer-Encoding: chunked");
  for (std::size_t at = 0; at < bytes.size(); at += 1'000'000) {
    auto const part = bytes.substr(at, 1'000'000);
    std::array<char, 16> size{};
    std::snprintf(size.data(), size.size(), "%zx", part.size());
    out += size.data() + std::string("\r\n") + part + "\r\n";
  }
  return out + "0\r\n\r\n";
}

std::string parameter(std::string const& target, std::string const& name) {
  auto const at = target.find(name + "=");
  if (at == target.npos) return {};
  auto const begin = at + name.size() + 1;
  return target.substr(begin, target.find('&', begin) - begin);
}

}  // namespace

StandIn::StandIn(std::string fixed)
    : fixed_(std::move(fixed)), listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), length) != 0 || listen(listener_, 50) != 0)
    throw std::runtime_error("nowhere to listen");
  getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::jthread([this] { accept_all(); });
}

StandIn::~StandIn() {
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  for (int const client : clients_) shutdown(client, SHUT_RDWR);
  threads_.clear();
  for (int const client : clients_) close(client);
  close(listener_);
}

void StandIn::accept_all() {
  for (int client = 0; (client = accept(listener_, nullptr, nullptr)) >= 0;) {
    clients_.push_back(client);
    threads_.emplace_back([this, client] { serve(client); });
  }
}

void StandIn::serve(int client) {
  std::string buffer;
  for (Request request; read(client, buffer, request); request = {}) {
    if (!say(client, fixed_ == "?" ? answer(request) : fixed_)) break;
    if (fixed_ != "?") break;
  }
  shutdown(client, SHUT_RDWR);
}

bool StandIn::read(int client, std::string& buffer, Request& request) const {
  std::size_t end = 0;
  while ((end = buffer.find("\r\n\r\n")) == buffer.npos)
    if (!more(client, buffer)) return false;
  auto const first = buffer.find(' ') + 1;
  auto const target = buffer.substr(first, buffer.find(' ', first) - first);
  request.route = target.substr(0, target.find('?'));
  request.key = parameter(target, "key");
  auto const field = buffer.substr(0, end).find("Content-Length: ");
  auto const size = field == std::string::npos ? 0 : std::stoul(buffer.substr(field + 16));
  buffer.erase(0, end + 4);
  while (buffer.size() < size)
    if (!more(client, buffer)) return false;
  request.body = buffer.substr(0, size);
  buffer.erase(0, size);
  return true;
}

std::string StandIn::answer(Request const& request) {
  std::lock_guard lock(mutex_);
  auto const found = objects_.find(request.key);
  bool const there = found != objects_.end();
  if (request.route == "/endpoint")
    return plain("200 OK", R"({"uuid": "938362c5-256a-407c-9220-a925d7eac241"})", "application/json");
  if (request.route == "/exists")
    return plain("200 OK", there ? R"({"exists": true})" : R"({"exists": false})", "application/json");
  if (request.route == "/get")
    return there ? chunked(found->second) : plain("404 Not Found", "no data associated with request key");
  if (request.route == "/evict") {
    objects_.erase(request.key);
    return plain("200 OK", "");
  }
  if (request.body.empty()) return plain("400 Bad Request", "received empty payload");
  objects_[request.key] = request.body;
  return plain("200 OK", "");
}

}  // namespace endpoint_test
