#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "peers.hpp"
#include "tls.hpp"
#include "wire.hpp"

namespace proxystore::endpoint {

class RelayLink;

class RelayUser {
 public:
  /// `from` says that it wants to talk: it dials through this socket, and has yet to prove who it is.
  virtual void relay_invites(std::string const& from, boost::asio::ip::tcp::socket socket) = 0;
  virtual void relay_changed(bool registered, std::string const& why) = 0;

 protected:
  ~RelayUser() = default;
};

/// Keeps this endpoint registered at its relay, as long as it lives, and meets others there. For one strand.
class RelayClient : public std::enable_shared_from_this<RelayClient> {
 public:
  using Socket = boost::asio::ip::tcp::socket;
  /// Either a socket whose other end is the peer's, or why there is none.
  using Met = std::function<void(std::shared_ptr<Socket> socket, std::string const& why)>;

  RelayClient(Strand const& strand, RelayUser& user, PeersOptions const& options);

  void start() { connect(); }
  void meet(std::string const& uuid, Met met);
  void stop();

  // of its RelayLink
  void registered();
  void lost(std::string const& why);
  void ticket(std::uint64_t number, std::string const& ticket);
  void unreachable(std::uint64_t number, std::string const& why);
  void invited(std::string const& from, std::string const& ticket);

 private:
  void connect();
  void connected(Socket socket);
  void retry_later(std::string const& why);
  void fail_all(std::string const& why);
  /// Comes back with a socket that is the other side's, or with why not.
  void enter(std::string const& ticket, Met met);

  Strand const strand_;
  RelayUser& user_;  // outlives it
  PeersOptions const& options_;
  Tls const tls_;
  boost::asio::ip::tcp::resolver resolver_;
  boost::asio::steady_timer timer_;
  std::chrono::milliseconds pause_;
  std::shared_ptr<RelayLink> link_;
  bool registered_ = false, stopped_ = false;
  std::string last_error_ = "not registered yet";
  boost::asio::ip::tcp::endpoint relay_;  // where it was found
  std::uint64_t last_number_ = 0;
  std::unordered_map<std::uint64_t, Met> meetings_;  // asked for
};

}  // namespace proxystore::endpoint
