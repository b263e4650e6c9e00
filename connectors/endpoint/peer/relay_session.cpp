#include "relay_session.hpp"

#include <utility>

#include <boost/asio/write.hpp>

namespace proxystore::endpoint {

namespace {

constexpr std::array<char, 1> both_are_here{1};

}  // namespace

RelaySession::RelaySession(Strand const& strand, Limits limits, std::function<void(std::size_t)> passed,
                           std::function<void()> ended)
    : limits_(limits), passed_(std::move(passed)), ended_(std::move(ended)), timer_(strand) {}

void RelaySession::start() { await_tick(limits_.meeting); }

void RelaySession::await_tick(std::chrono::milliseconds time) {
  timer_.expires_after(time);
  timer_.async_wait([self = shared_from_this()](auto cancelled) {
    if (!cancelled) self->ticked();
  });
}

void RelaySession::ticked() {
  if (!std::exchange(moving_, false)) return close();
  await_tick(limits_.idle);
}

void RelaySession::enter(int side, boost::asio::ip::tcp::socket socket) {
  auto& place = sides_[static_cast<std::size_t>(side)];
  if (closed_ || place) return;
  place = std::make_unique<boost::asio::ip::tcp::socket>(std::move(socket));
  tune(*place);
  if (sides_[0] && sides_[1]) greet();
}

void RelaySession::greet() {
  await_tick(limits_.idle);
  for (int const side : {0, 1})
    boost::asio::async_write(*sides_[static_cast<std::size_t>(side)], boost::asio::buffer(both_are_here),
                             [self = shared_from_this(), side](auto error, std::size_t) {
                               if (error) return self->close();
                               self->receive(1 - side);  // to it
                             });
}

void RelaySession::receive(int from) {
  auto& flow = flows_[static_cast<std::size_t>(from)];
  sides_[static_cast<std::size_t>(from)]->async_read_some(
      boost::asio::buffer(flow.buffer), [self = shared_from_this(), from](auto error, std::size_t count) {
        if (self->closed_) return;
        if (error == boost::asio::error::eof) return self->end_of(from);
        if (error) return self->close();
        self->flows_[static_cast<std::size_t>(from)].size = count;
        self->pass(from);
      });
}

void RelaySession::pass(int from) {
  auto& flow = flows_[static_cast<std::size_t>(from)];
  boost::asio::async_write(*sides_[static_cast<std::size_t>(1 - from)],
                           boost::asio::buffer(flow.buffer.data(), flow.size),
                           [self = shared_from_this(), from](auto error, std::size_t count) {
                             if (self->closed_) return;
                             if (error) return self->close();
                             self->moving_ = true;
                             self->passed_(count);
                             self->receive(from);
                           });
}

void RelaySession::end_of(int from) {
  boost::system::error_code ignored;
  sides_[static_cast<std::size_t>(1 - from)]->shutdown(boost::asio::socket_base::shutdown_send, ignored);
  if (++ends_ == 2) close();
}

void RelaySession::close() {
  if (std::exchange(closed_, true)) return;
  timer_.cancel();
  boost::system::error_code ignored;
  for (auto const& side : sides_)
    if (side) side->close(ignored);
  std::exchange(ended_, nullptr)();
}

}  // namespace proxystore::endpoint
