/// A client that says what it likes.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace endpoint_test {

class Raw {
 public:
  explicit Raw(int port);
  ~Raw();
  Raw(Raw const&) = delete;
  Raw& operator=(Raw const&) = delete;

  /// False if the other side takes no more.
  bool say(std::string_view bytes) const;
  /// Says no more.
  void end() const;
  /// All that comes until the other side closes, or nothing has come for as long as `quiet`.
  std::string hear(std::chrono::milliseconds quiet = std::chrono::seconds(20)) const;
  /// What comes until `text` has come; then or when the other side closes.
  std::string hear_until(std::string_view text) const;

 private:
  int socket_;
};

/// One request on a connection of its own: what is answered to it. Adds Connection: close where there is no body.
std::string ask(int port, std::string_view request);

}  // namespace endpoint_test
