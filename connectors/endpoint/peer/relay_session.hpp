#pragma once

#include <array>
#include <chrono>
#include <functional>
#include <memory>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "wire.hpp"

namespace proxystore::endpoint {

/// Two connections that meet at the relay, and the bytes that pass between them: at most one buffer in each direction,
/// so that the slower side slows the faster one down. For one strand.
class RelaySession : public std::enable_shared_from_this<RelaySession> {
 public:
  struct Limits {
    std::chrono::milliseconds meeting, idle;
  };
  /// `passed`: bytes, as they go. `ended` runs once.
  RelaySession(Strand const& strand, Limits limits, std::function<void(std::size_t)> passed,
               std::function<void()> ended);

  void start();
  /// One of the two has come. Passing begins when both have.
  void enter(int side, boost::asio::ip::tcp::socket socket);
  void close();

 private:
  struct Flow {  // from one side to the other
    std::array<std::byte, std::size_t{64} << 10U> buffer;
    std::size_t size = 0;
  };

  void await_tick(std::chrono::milliseconds time);
  void ticked();
  void greet();
  void receive(int from);
  void pass(int from);
  void end_of(int from);

  Limits const limits_;
  std::function<void(std::size_t)> const passed_;
  std::function<void()> ended_;
  boost::asio::steady_timer timer_;
  std::array<std::unique_ptr<boost::asio::ip::tcp::socket>, 2> sides_;
  std::array<Flow, 2> flows_;
  int ends_ = 0;
  bool moving_ = false, closed_ = false;
};

}  // namespace proxystore::endpoint
