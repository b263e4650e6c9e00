#include "relay_client.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <boost/asio/connect.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include "address.hpp"
#include "relay_protocol.hpp"

namespace proxystore::endpoint {

/// The connection on which an endpoint is registered.
class RelayLink final : public Wire {
 public:
  RelayLink(Strand const& strand, boost::asio::ip::tcp::socket socket, Tls::End end, Patience patience,
            std::string uuid, std::weak_ptr<RelayClient> client)
      : Wire(strand, std::move(socket), std::move(end), patience), uuid_(std::move(uuid)), client_(std::move(client)) {}

  void ask_for(std::uint64_t number, std::string const& uuid) { send(FrameType::connect, 0, number, uuid); }

 private:
  void secured() override {
    channel().require(std::string(relay_name));
    send(FrameType::hello, 0, 0, encode(Hello{.from = uuid_, .to = std::string(relay_name)}));
  }

  void message(FrameHeader const& header, std::span<std::byte const> payload) override {
    std::string const text(reinterpret_cast<char const*>(payload.data()), payload.size());
    if (header.type == FrameType::goodbye) throw Refused("it refused: " + text);
    auto const client = client_.lock();
    if (!client) return close("nobody needs it");
    if (!up_ && header.type != FrameType::registered) throw ProtocolError("a frame at the wrong time");
    switch (header.type) {
      case FrameType::registered: return registered(*client);
      case FrameType::ticket: return client->ticket(header.stream, text);
      case FrameType::unreachable: return client->unreachable(header.stream, text);
      case FrameType::invite: return client->invited(text.substr(std::min(text.size(), ticket_size)), text);
      default: throw ProtocolError("a frame at the wrong time");
    }
  }

  void registered(RelayClient& client) {
    if (std::exchange(up_, true)) return;
    ready();
    client.registered();
  }

  void ended(std::string const& why, bool) override {
    if (auto const client = client_.lock()) client->lost(why);
  }

  std::string const uuid_;
  std::weak_ptr<RelayClient> const client_;
  bool up_ = false;
};

namespace {

/// A connection that shows its ticket, and waits until the other one is there, too.
struct Entry : std::enable_shared_from_this<Entry> {
  Entry(Strand const& strand, std::string ticket, RelayClient::Met then)
      : socket(std::make_shared<RelayClient::Socket>(strand)), timer(strand), met(std::move(then)) {
    greeting = std::string(meeting_magic) + ticket;
  }

  void start(boost::asio::ip::tcp::endpoint const& relay, std::chrono::milliseconds limit) {
    timer.expires_after(limit);
    timer.async_wait([self = shared_from_this()](auto cancelled) {
      if (!cancelled) self->finish(boost::asio::error::timed_out);
    });
    socket->async_connect(relay, [self = shared_from_this()](auto error) {
      if (error) return self->finish(error);
      boost::asio::async_write(*self->socket, boost::asio::buffer(self->greeting), [self](auto failed, std::size_t) {
        if (failed) return self->finish(failed);
        boost::asio::async_read(*self->socket, boost::asio::buffer(self->sign),
                                [self](auto ended, std::size_t) { self->finish(ended); });
      });
    });
  }

  void finish(boost::system::error_code error) {
    auto const then = std::exchange(met, nullptr);
    if (!then) return;
    timer.cancel();
    if (!error) return then(socket, {});
    boost::system::error_code ignored;
    socket->close(ignored);
    then(nullptr, "the peer did not come to the relay (" + error.message() + ")");
  }

  std::shared_ptr<RelayClient::Socket> socket;
  boost::asio::steady_timer timer;
  RelayClient::Met met;
  std::string greeting;
  std::array<char, 1> sign{};
};

}  // namespace

RelayClient::RelayClient(Strand const& strand, RelayUser& user, PeersOptions const& options)
    : strand_(strand),
      user_(user),
      options_(options),
      tls_(options.relay->identity, options.uuid, [](std::string const&) { return std::nullopt; }),
      resolver_(strand),
      timer_(strand),
      pause_(options.shortest_backoff) {
  parse_address(options.relay->address);
}

void RelayClient::connect() {
  using Found = boost::asio::ip::tcp::resolver::results_type;
  auto const [host, port] = parse_address(options_.relay->address);
  resolver_.async_resolve(host, port, [self = shared_from_this()](boost::system::error_code error, Found const& found) {
    if (self->stopped_) return;
    if (error) return self->retry_later(error.message());
    auto const socket = std::make_shared<Socket>(self->strand_);
    boost::asio::async_connect(
        *socket, found, [self, socket](boost::system::error_code failed, boost::asio::ip::tcp::endpoint const& relay) {
          if (self->stopped_) return;
          if (failed) return self->retry_later(failed.message());
          self->relay_ = relay;
          self->connected(std::move(*socket));
        });
  });
}

void RelayClient::connected(Socket socket) {
  std::optional<Secret> token;
  if (auto const* const secret = std::get_if<Secret>(&options_.relay->identity)) token = *secret;
  link_ = std::make_shared<RelayLink>(strand_, std::move(socket), tls_.client(std::string(relay_name), token),
                                      Wire::Patience{options_.connect_timeout, options_.keepalive}, options_.uuid,
                                      weak_from_this());
  link_->start();
}

void RelayClient::registered() {
  registered_ = true;
  pause_ = options_.shortest_backoff;
  last_error_.clear();
  user_.relay_changed(true, {});
}

void RelayClient::lost(std::string const& why) {
  link_ = nullptr;
  if (!stopped_) retry_later(why);
}

void RelayClient::retry_later(std::string const& why) {
  auto const text = options_.relay->address + ": " + why;
  bool const news = std::exchange(registered_, false) || last_error_ != text;
  last_error_ = text;
  if (news) user_.relay_changed(false, why);
  fail_all("no connection to the relay " + text);
  timer_.expires_after(pause_);
  pause_ = std::min(2 * pause_, options_.longest_backoff);
  timer_.async_wait([self = shared_from_this()](auto cancelled) {
    if (!cancelled && !self->stopped_) self->connect();
  });
}

void RelayClient::fail_all(std::string const& why) {
  for (auto const& [number, met] : std::exchange(meetings_, {})) met(nullptr, why);
}

void RelayClient::meet(std::string const& uuid, Met met) {
  if (!registered_ || !link_) return met(nullptr, "no connection to the relay " + last_error_);
  meetings_.emplace(++last_number_, std::move(met));
  link_->ask_for(last_number_, uuid);
}

void RelayClient::ticket(std::uint64_t number, std::string const& ticket) {
  auto const found = meetings_.find(number);
  if (found == meetings_.end()) return;
  auto met = std::move(found->second);
  meetings_.erase(found);
  enter(ticket, std::move(met));
}

void RelayClient::unreachable(std::uint64_t number, std::string const& why) {
  auto const found = meetings_.find(number);
  if (found == meetings_.end()) return;
  auto const met = std::move(found->second);
  meetings_.erase(found);
  met(nullptr, "relay " + options_.relay->address + ": " + why);
}

void RelayClient::invited(std::string const& from, std::string const& text) {
  enter(text.substr(0, ticket_size), [self = shared_from_this(), from](auto const& socket, std::string const&) {
    if (socket && !self->stopped_) self->user_.relay_invites(from, std::move(*socket));
  });
}

void RelayClient::enter(std::string const& ticket, Met met) {
  std::make_shared<Entry>(strand_, ticket, std::move(met))->start(relay_, options_.connect_timeout);
}

void RelayClient::stop() {
  stopped_ = true;
  timer_.cancel();
  resolver_.cancel();
  meetings_.clear();
  if (auto const link = link_) link->close("this endpoint was stopped");
}

}  // namespace proxystore::endpoint
