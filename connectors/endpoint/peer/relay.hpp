/// A meeting place for endpoints behind NAT: both dial out to it, and it passes the bytes of their link on.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <proxystore/log.hpp>

#include "identity.hpp"

namespace boost::asio {
class io_context;
}

namespace proxystore::endpoint {

struct RelayOptions {
  std::string listen = "127.0.0.1:0";
  Identity identity;                          ///< the token that registrants share, or certificates
  std::size_t registrants = 1024;             ///< at a time
  std::size_t sessions = 256;                 ///< pairs of connections at a time, 128 KiB of memory each
  std::size_t sessions_each = 32;             ///< that one endpoint may have asked for
  std::chrono::milliseconds keepalive{5000};  ///< of registrants
  std::chrono::milliseconds meeting{10000};   ///< both sides of a session have to come in this time
  std::chrono::milliseconds idle{60000};      ///< a session in which nothing moves ends
  Log log = {};
};

struct RelayStatus {
  std::size_t registrants = 0, sessions = 0;
  std::uint64_t passed = 0;   ///< bytes
  std::uint64_t refused = 0;  ///< connections and requests
};

/// Everything happens in threads that run `context`, which must outlive it; functions are thread-safe.
class Relay {
 public:
  /// Listens on return. Throws ConfigError, or ConnectorError if it cannot listen.
  Relay(boost::asio::io_context& context, RelayOptions options);
  ~Relay();
  Relay(Relay const&) = delete;
  Relay& operator=(Relay const&) = delete;

  std::uint16_t port() const noexcept;
  void status(std::function<void(RelayStatus)> completion) const;
  /// Closes everything. Idempotent.
  void stop();

 private:
  class Core;
  std::shared_ptr<Core> core_;
};

}  // namespace proxystore::endpoint
