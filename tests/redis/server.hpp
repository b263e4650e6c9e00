/// A redis-server of the test's own, in a folder of its own, on a socket or a free port. Ends with the test.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <sys/types.h>

#include <proxystore/connectors/redis.hpp>

namespace redis_test {

struct ServerOptions {
  bool tcp = false;                         ///< a free port of 127.0.0.1, besides the socket
  std::vector<std::string> arguments = {};  ///< of redis-server: "--maxmemory", "10mb"; "PORT": the free port
};

class Server {
 public:
  /// Returns when it takes connections.
  explicit Server(ServerOptions options = {});
  ~Server();
  Server(Server const&) = delete;
  Server& operator=(Server const&) = delete;

  /// "redis-server", or what Debian's redis-tools has of it; empty if this machine has none.
  static std::string const& program();

  /// At once, as a crash would.
  void kill();
  /// After it has saved its data.
  void shut_down();
  void start();
  /// Neither answers nor closes.
  void freeze() const;
  void thaw() const;

  std::string const& socket() const noexcept { return socket_; }
  std::string const& folder() const noexcept { return folder_; }
  int port() const noexcept { return port_; }
  /// For a connector: through the socket.
  proxystore::RedisOptions options() const;
  std::string text() const { return "redis+unix://" + socket_; }

 private:
  bool launch();
  void reap();

  ServerOptions const options_;
  std::string folder_, socket_;
  int port_ = 0;
  pid_t process_ = -1;
  std::jthread reader_;  // of its log, so that it is never held up by it
};

/// Another client, as any program may be: plain commands, words separated by spaces. Returns the reply as text.
std::string command(Server const& server, std::string_view words);
std::string command(Server const& server, std::vector<std::string> const& words);

}  // namespace redis_test
