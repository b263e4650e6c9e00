#include "relay.hpp"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>

#include <openssl/rand.h>

#include "address.hpp"
#include "relay_protocol.hpp"
#include "relay_session.hpp"

namespace proxystore::endpoint {
namespace {

constexpr std::size_t stranger_limit = 256;
constexpr auto acceptor_pause = std::chrono::milliseconds(100);
constexpr std::size_t asked_limit = 64;  // unanswered frames to one registrant

using Socket = boost::asio::ip::tcp::socket;

class Guest;

class Host {  // what a guest needs of the relay
 public:
  /// Throws Refused.
  virtual void registered(std::shared_ptr<Guest> const& guest) = 0;
  virtual void left(std::shared_ptr<Guest> const& guest, std::string const& why) = 0;
  virtual void connect(Guest& guest, std::uint64_t number, std::string const& uuid) = 0;

 protected:
  ~Host() = default;
};

/// The connection of one who registers.
class Guest final : public Wire {
 public:
  Guest(Strand const& strand, Socket socket, Tls::End end, Patience patience, Host& host)
      : Wire(strand, std::move(socket), std::move(end), patience), host_(host) {}

  std::string const& uuid() const noexcept { return uuid_; }
  using Wire::send;
  std::size_t sessions = 0;  // that it has asked for

 private:
  std::shared_ptr<Guest> self() { return std::static_pointer_cast<Guest>(shared_from_this()); }
  void secured() override {}

  void message(FrameHeader const& header, std::span<std::byte const> payload) override {
    if (uuid_.empty() && header.type == FrameType::hello) return greet(payload);
    if (uuid_.empty() || header.type != FrameType::connect) throw ProtocolError("a frame at the wrong time");
    host_.connect(*this, header.stream, {reinterpret_cast<char const*>(payload.data()), payload.size()});
  }

  void greet(std::span<std::byte const> payload) {
    try {
      auto const hello = decode_hello(payload);
      if (hello.to != relay_name) throw Refused("it looks for an endpoint, and this is a relay");
      if (!is_uuid(hello.from)) throw Refused("its name is no UUID");
      channel().require(hello.from);
      uuid_ = hello.from;
      host_.registered(self());
    } catch (Refused const& refused) {
      uuid_.clear();
      return refuse(refused.what());
    }
    ready();
    send(FrameType::registered);
  }

  void ended(std::string const& why, bool) override { host_.left(self(), why); }

  Host& host_;  // outlives guests that are not closed
  std::string uuid_;
};

std::string random_ticket() {
  std::string ticket(ticket_size, '\0');
  tls_check(RAND_bytes(reinterpret_cast<unsigned char*>(ticket.data()), ticket_size), "RAND_bytes");
  return ticket;
}

/// Who has just connected, until it is clear what it wants: TLS, or a meeting.
struct Stranger : std::enable_shared_from_this<Stranger> {
  Stranger(Strand const& strand, Socket from) : socket(std::move(from)), timer(strand) {}
  Socket socket;
  boost::asio::steady_timer timer;
  std::string greeting = std::string(meeting_magic.size() + ticket_size, '\0');
};

}  // namespace

class Relay::Core final : public std::enable_shared_from_this<Core>, public Host {
 public:
  Core(boost::asio::io_context& context, RelayOptions options)
      : options_(std::move(options)),
        strand_(boost::asio::make_strand(context)),
        tls_(options_.identity, std::string(relay_name), [this](std::string const&) { return token(); }),
        acceptor_(listen_at(strand_, options_.listen)),
        port_(acceptor_.local_endpoint().port()),
        acceptor_timer_(strand_),
        log_(options_.log ? options_.log : default_log()) {}

  void accept();
  void stop();
  RelayStatus status() const {
    return {.registrants = registered_.size(), .sessions = sessions_.size(), .passed = passed_, .refused = refused_};
  }
  Strand const& strand() const noexcept { return strand_; }
  std::uint16_t port() const noexcept { return port_; }

 private:
  struct Place {  // where a ticket is good
    std::shared_ptr<RelaySession> session;
    int side;
  };

  std::optional<Secret> token() const {
    auto const* const secret = std::get_if<Secret>(&options_.identity);
    return secret ? std::optional(*secret) : std::nullopt;
  }
  void look_at(std::shared_ptr<Stranger> const& stranger);
  void done_with(Stranger& stranger);
  void become_guest(Stranger& stranger);
  void read_ticket(std::shared_ptr<Stranger> const& stranger);
  void refuse(std::string const& who, std::string const& why);
  void log(LogLevel level, std::string const& text) const {
    if (log_) log_(level, text);
  }

  void registered(std::shared_ptr<Guest> const& guest) override;
  void left(std::shared_ptr<Guest> const& guest, std::string const& why) override;
  void connect(Guest& guest, std::uint64_t number, std::string const& uuid) override;
  std::string obstacle(Guest const& guest, std::string const& uuid) const;
  std::shared_ptr<RelaySession> open_session(Guest& guest, std::string const& ticket, std::string const& other_ticket);

  RelayOptions const options_;
  Strand const strand_;
  Tls const tls_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::uint16_t const port_;
  boost::asio::steady_timer acceptor_timer_;
  Log const log_;
  std::unordered_set<std::shared_ptr<Stranger>> strangers_;
  std::unordered_set<std::shared_ptr<Guest>> guests_;  // registered or about to be
  std::unordered_map<std::string, std::shared_ptr<Guest>> registered_;
  std::unordered_set<std::shared_ptr<RelaySession>> sessions_;
  std::unordered_map<std::string, Place> tickets_;
  std::uint64_t passed_ = 0, refused_ = 0;
  bool stopped_ = false;
};

// ---- who comes

void Relay::Core::accept() {
  acceptor_.async_accept([self = shared_from_this()](auto error, Socket socket) {
    if (self->stopped_) return;
    if (error) {
      self->acceptor_timer_.expires_after(acceptor_pause);
      return self->acceptor_timer_.async_wait([self](auto cancelled) {
        if (!cancelled && !self->stopped_) self->accept();
      });
    }
    if (self->strangers_.size() + self->guests_.size() < stranger_limit + self->options_.registrants)
      self->look_at(std::make_shared<Stranger>(self->strand_, std::move(socket)));
    else self->refuse(address_of(socket), "too many connections");
    self->accept();
  });
}

void Relay::Core::look_at(std::shared_ptr<Stranger> const& stranger) {
  strangers_.insert(stranger);
  stranger->timer.expires_after(options_.meeting);
  stranger->timer.async_wait([self = shared_from_this(), stranger](auto cancelled) {
    if (cancelled || !self->strangers_.contains(stranger)) return;
    self->refuse(address_of(stranger->socket), "it says nothing");
    self->done_with(*stranger);
  });
  stranger->socket.async_receive(boost::asio::buffer(stranger->greeting, 1), boost::asio::socket_base::message_peek,
                                 [self = shared_from_this(), stranger](auto error, std::size_t) {
                                   if (self->stopped_ || !self->strangers_.contains(stranger)) return;
                                   if (error) return self->done_with(*stranger);
                                   if (static_cast<unsigned char>(stranger->greeting[0]) == tls_record)
                                     return self->become_guest(*stranger);
                                   self->read_ticket(stranger);
                                 });
}

void Relay::Core::done_with(Stranger& stranger) {
  stranger.timer.cancel();
  boost::system::error_code ignored;
  stranger.socket.close(ignored);
  strangers_.erase(stranger.shared_from_this());
}

void Relay::Core::become_guest(Stranger& stranger) {
  auto const guest = std::make_shared<Guest>(strand_, std::move(stranger.socket), tls_.server(),
                                             Wire::Patience{options_.meeting, options_.keepalive}, *this);
  done_with(stranger);
  guests_.insert(guest);
  guest->start();
}

void Relay::Core::read_ticket(std::shared_ptr<Stranger> const& stranger) {
  boost::asio::async_read(stranger->socket, boost::asio::buffer(stranger->greeting),
                          [self = shared_from_this(), stranger](auto error, std::size_t) {
                            if (self->stopped_ || !self->strangers_.contains(stranger)) return;
                            auto const& greeting = stranger->greeting;
                            auto const found = self->tickets_.find(greeting.substr(meeting_magic.size()));
                            if (error || !greeting.starts_with(meeting_magic) || found == self->tickets_.end()) {
                              self->refuse(address_of(stranger->socket), "neither TLS nor a valid ticket");
                              return self->done_with(*stranger);
                            }
                            auto const place = std::move(found->second);
                            self->tickets_.erase(found);
                            place.session->enter(place.side, std::move(stranger->socket));
                            self->done_with(*stranger);
                          });
}

void Relay::Core::refuse(std::string const& who, std::string const& why) {
  ++refused_;
  log(LogLevel::warning, "relay: refused " + who + " (" + why + ")");
}

// ---- registrants

void Relay::Core::registered(std::shared_ptr<Guest> const& guest) {
  auto const found = registered_.find(guest->uuid());
  if (found == registered_.end() && registered_.size() >= options_.registrants) throw Refused("too many registrants");
  auto const before = found == registered_.end() ? nullptr : found->second;
  registered_[guest->uuid()] = guest;
  log(LogLevel::info, "relay: " + guest->uuid() + " registered from " + guest->address());
  if (before) before->close("registered again from " + guest->address());
}

void Relay::Core::left(std::shared_ptr<Guest> const& guest, std::string const& why) {
  guests_.erase(guest);
  if (guest->uuid().empty()) return refuse(guest->address(), why);
  log(LogLevel::info, "relay: " + guest->uuid() + " from " + guest->address() + " left (" + why + ")");
  auto const found = registered_.find(guest->uuid());
  if (found != registered_.end() && found->second == guest) registered_.erase(found);
}

std::string Relay::Core::obstacle(Guest const& guest, std::string const& uuid) const {
  if (!registered_.contains(uuid)) return "endpoint " + uuid.substr(0, 36) + " is not registered";
  if (uuid == guest.uuid()) return "an endpoint does not meet itself";
  if (guest.sessions >= options_.sessions_each) return "too many sessions of this endpoint";
  if (sessions_.size() >= options_.sessions) return "too many sessions";
  return {};
}

void Relay::Core::connect(Guest& guest, std::uint64_t number, std::string const& uuid) {
  if (guest.unsent() > asked_limit) throw ProtocolError("it asks faster than it listens");
  if (auto why = obstacle(guest, uuid); !why.empty()) {
    ++refused_;
    return guest.send(FrameType::unreachable, 0, number, std::move(why), {});
  }
  auto& other = *registered_.at(uuid);
  if (other.unsent() > asked_limit)
    return guest.send(FrameType::unreachable, 0, number, "endpoint " + uuid + " does not listen", {});
  auto const ticket = random_ticket(), other_ticket = random_ticket();
  open_session(guest, ticket, other_ticket)->start();
  guest.send(FrameType::ticket, 0, number, ticket, {});
  other.send(FrameType::invite, 0, 0, other_ticket + guest.uuid(), {});
  log(LogLevel::info, "relay: " + guest.uuid() + " meets " + uuid);
}

std::shared_ptr<RelaySession> Relay::Core::open_session(Guest& guest, std::string const& ticket,
                                                        std::string const& other_ticket) {
  auto const key = std::make_shared<std::weak_ptr<RelaySession>>();
  auto const session = std::make_shared<RelaySession>(
      strand_, RelaySession::Limits{options_.meeting, options_.idle}, [this](std::size_t count) { passed_ += count; },
      [this, key, ticket, other_ticket, asker = std::static_pointer_cast<Guest>(guest.shared_from_this())] {
        --asker->sessions;
        tickets_.erase(ticket);
        tickets_.erase(other_ticket);
        sessions_.erase(key->lock());
      });
  *key = session;
  ++guest.sessions;
  tickets_.emplace(ticket, Place{session, 0});
  tickets_.emplace(other_ticket, Place{session, 1});
  sessions_.insert(session);
  return session;
}

void Relay::Core::stop() {
  if (std::exchange(stopped_, true)) return;
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  acceptor_timer_.cancel();
  for (auto const& stranger : std::exchange(strangers_, {})) {
    stranger->timer.cancel();
    stranger->socket.close(ignored);
  }
  for (auto const& session : std::vector(sessions_.begin(), sessions_.end())) session->close();
  for (auto const& guest : std::vector(guests_.begin(), guests_.end())) guest->close("the relay was stopped");
}

Relay::Relay(boost::asio::io_context& context, RelayOptions options)
    : core_(std::make_shared<Core>(context, std::move(options))) {
  boost::asio::post(core_->strand(), [core = core_] { core->accept(); });
}

Relay::~Relay() { stop(); }

std::uint16_t Relay::port() const noexcept { return core_->port(); }

void Relay::status(std::function<void(RelayStatus)> completion) const {
  boost::asio::post(core_->strand(),
                    [core = core_, completion = std::move(completion)] { completion(core->status()); });
}

void Relay::stop() {
  boost::asio::post(core_->strand(), [core = core_] { core->stop(); });
}

}  // namespace proxystore::endpoint
