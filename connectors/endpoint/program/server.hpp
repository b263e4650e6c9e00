/// The HTTP of an endpoint, by Boost.Beast, which stays behind server.cpp and session.cpp.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "home.hpp"
#include "log.hpp"
#include "objects.hpp"

namespace proxystore::detail {

struct ServerOptions {
  std::size_t connections = 4096;  ///< at a time; one more is told so and closed
  std::size_t threads = 2;
  std::chrono::milliseconds idle = std::chrono::minutes(5);       ///< between two requests of a connection
  std::chrono::milliseconds header = std::chrono::seconds(30);    ///< for the head of a request
  std::chrono::milliseconds progress = std::chrono::seconds(60);  ///< between two parts of a body, either way
  std::chrono::milliseconds grace = std::chrono::seconds(10);     ///< for requests under way when it is to stop
};

class Server {
 public:
  /// Listens, for clients and peers. Throws ConnectorError, ConfigError. REQUIRES: config.host
  Server(EndpointConfig config, ServerOptions options, Objects& objects, ServerLog& log);
  ~Server();
  Server(Server const&) = delete;
  Server& operator=(Server const&) = delete;

  /// Serves until SIGTERM, SIGINT or stop(), and then until the requests under way are done, or `grace` has passed.
  /// Closes the objects.
  void run();
  /// From any thread, or before run().
  void stop();

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

}  // namespace proxystore::detail
