#include "wire.hpp"

#include <boost/asio/post.hpp>

namespace proxystore::endpoint {
namespace {

/// Of bytes, until others in the strand have their turn.
constexpr std::size_t turn = std::size_t{1} << 20U;
constexpr int silent_limit = 3;

}  // namespace

Wire::Wire(Strand const& strand, boost::asio::ip::tcp::socket socket, Tls::End end, Patience patience)
    : strand_(strand), channel_(std::move(socket), std::move(end)), patience_(patience), timer_(strand) {}

void Wire::start() {
  timer_.expires_after(patience_.handshake);
  await_tick();
  wake();
}

void Wire::close(std::string const& why) { close(why, false); }

void Wire::close(std::string const& why, bool refused) {
  if (closed_) return;
  auto const alive = shared_from_this();
  closed_ = true;
  timer_.cancel();
  channel_.close();
  ended(finishing_ ? finished_why_ : why, refused && !finishing_);
}

void Wire::finish(std::string const& why) {
  if (closed_ || std::exchange(finishing_, true)) return;
  finished_why_ = why;
  channel_.end_writing();
  wake();
}

void Wire::ready() {
  ready_ = true;
  timer_.expires_after(patience_.keepalive);
  await_tick();
}

void Wire::refuse(std::string const& why) {
  outbox_.add(FrameType::goodbye, 0, 0, why.substr(0, text_limit));
  try {
    write_some();
  } catch (std::exception const&) {  // then it is not told
  }
  close(why, true);
}

void Wire::send(FrameType type, std::uint8_t code, std::uint64_t stream, std::string payload, Bytes data) {
  outbox_.add(type, code, stream, std::move(payload), std::move(data));
  wake();
}

void Wire::send_body(Side side, std::uint64_t stream, Bytes data) {
  outbox_.add_body(side, stream, std::move(data));
  wake();
}

/// Soon: what else is said until then goes along.
void Wire::wake() {
  if (std::exchange(woken_, true)) return;
  boost::asio::post(strand_, [self = shared_from_this()] {
    self->woken_ = false;
    self->pump();
  });
}

void Wire::pump() {
  if (closed_) return;
  try {
    if (!secured_) {
      if (!channel_.handshake()) return channel_.wants_write() ? await_writable() : await_readable();
      secured_ = true;
      secured();
    }
    bool const more_to_read = read_some();
    bool const more_to_write = !closed_ && write_some();
    if (!closed_ && (more_to_read || more_to_write)) wake();
  } catch (Refused const& refused) {
    close(refused.what(), true);
  } catch (std::exception const& error) {
    close(error.what(), false);
  }
}

/// True if there may be more.
bool Wire::read_some() {
  for (std::size_t done = 0; done < turn && !closed_;) {
    auto const count = channel_.read(reader_.room());
    if (count == 0) {
      channel_.wants_write() ? await_writable() : await_readable();
      return false;
    }
    done += count;
    received_ += count;
    reader_.got(count, *this);
  }
  return true;
}

bool Wire::write_some() {
  if (finishing_) return false;
  std::size_t done = 0;
  while (!outbox_.empty()) {
    if (done >= turn) return true;
    auto const count = channel_.write(outbox_.next());
    if (count == 0) {
      await_writable();
      return false;
    }
    done += count;
    sent_ += count;
    outbox_.sent(count);
  }
  pong_due_ = false;
  drained();
  return false;
}

void Wire::await_readable() {
  if (std::exchange(reading_, true)) return;
  channel_.socket().async_wait(boost::asio::ip::tcp::socket::wait_read, [self = shared_from_this()](auto error) {
    self->reading_ = false;
    if (!error) self->pump();
  });
}

void Wire::await_writable() {
  if (std::exchange(writing_, true)) return;
  channel_.socket().async_wait(boost::asio::ip::tcp::socket::wait_write, [self = shared_from_this()](auto error) {
    self->writing_ = false;
    if (!error) self->pump();
  });
}

void Wire::await_tick() {
  timer_.async_wait([self = shared_from_this()](auto error) {
    if (!error) self->ticked();
  });
}

void Wire::ticked() {
  if (closed_) return;
  if (!ready_) return close("it took too long to say who it is");
  if (std::exchange(heard_, received_) != received_ && !finishing_) silent_ = 0;
  else if (++silent_ >= silent_limit) return close("silent for too long");
  if (silent_ > 0 && !finishing_) send(FrameType::ping);
  tick();
  timer_.expires_after(patience_.keepalive);
  await_tick();
}

void Wire::frame(FrameHeader const& header, std::span<std::byte const> payload) {
  if (header.type == FrameType::pong || finishing_) return;
  if (header.type != FrameType::ping) return message(header, payload);
  if (!std::exchange(pong_due_, true)) send(FrameType::pong);
}

}  // namespace proxystore::endpoint
