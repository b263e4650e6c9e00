#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>

#include "channel.hpp"
#include "frame.hpp"
#include "outbox.hpp"

namespace proxystore::endpoint {

using Strand = boost::asio::strand<boost::asio::io_context::executor_type>;

/// A connection that speaks frames over TLS, and notices when the other side is silent. Whoever derives from it says
/// what the frames mean. Lives as long as something is under way; for one strand, which its socket belongs to.
///
///     start ──▶ handshake ──▶ secured() ──▶ frame(), body() … ──▶ ended(why), once
class Wire : public std::enable_shared_from_this<Wire>, protected FrameReader::Sink {
 public:
  struct Patience {
    std::chrono::milliseconds handshake;  ///< from start() until ready()
    std::chrono::milliseconds keepalive;  ///< silent for this long: it is asked; for three of these: it is dead
  };

  Wire(Strand const& strand, boost::asio::ip::tcp::socket socket, Tls::End end, Patience patience);
  virtual ~Wire() = default;
  Wire(Wire const&) = delete;
  Wire& operator=(Wire const&) = delete;

  void start();
  /// Closes at once; ended() is called before this returns, unless it was.
  void close(std::string const& why);
  bool closed() const noexcept { return closed_; }
  /// Closes once the other side has taken what was sent: a socket that is closed before may take it back.
  /// REQUIRES: nothing is to be sent any more
  void finish(std::string const& why);
  /// Small frames that wait to go.
  std::size_t unsent() const noexcept { return outbox_.waiting(); }
  std::string const& address() const noexcept { return channel_.address(); }
  std::uint64_t sent() const noexcept { return sent_; }
  std::uint64_t received() const noexcept { return received_; }

 protected:
  virtual void secured() = 0;
  virtual void message(FrameHeader const& header, std::span<std::byte const> payload) = 0;
  /// The last call. `refused`: the other side is not who or what it should be.
  virtual void ended(std::string const& why, bool refused) = 0;
  /// Every keepalive.
  virtual void tick() {}
  /// Nothing is left to be sent.
  virtual void drained() {}
  Target body(FrameHeader const&) override { throw ProtocolError("a body that nobody asked for"); }
  void body_read(FrameHeader const&) override {}

  /// The other side has said who it is, and is believed.
  void ready();
  /// Tells the other side why, if that goes at once, and closes.
  void refuse(std::string const& why);
  void send(FrameType type, std::uint8_t code = 0, std::uint64_t stream = 0, std::string payload = {}, Bytes data = {});
  void send_body(Side side, std::uint64_t stream, Bytes data);
  Outbox& outbox() noexcept { return outbox_; }
  Channel& channel() noexcept { return channel_; }
  Strand const& strand() const noexcept { return strand_; }

 private:
  void frame(FrameHeader const& header, std::span<std::byte const> payload) final;
  void close(std::string const& why, bool refused);
  void wake();
  void pump();
  bool read_some();
  bool write_some();
  void await_readable();
  void await_writable();
  void await_tick();
  void ticked();

  Strand strand_;
  Channel channel_;
  Patience const patience_;
  FrameReader reader_;
  Outbox outbox_;
  boost::asio::steady_timer timer_;
  bool secured_ = false, ready_ = false, finishing_ = false, closed_ = false;
  bool reading_ = false, writing_ = false, woken_ = false;  // something will call pump()
  bool pong_due_ = false;
  std::string finished_why_;
  int silent_ = 0;  // ticks
  std::uint64_t sent_ = 0, received_ = 0, heard_ = 0;
};

}  // namespace proxystore::endpoint
