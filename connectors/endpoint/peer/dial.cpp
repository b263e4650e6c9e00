/// Ways to a peer: its address first, then the relay; with backoff, as long as somebody waits for it.
#include <algorithm>
#include <utility>

#include <boost/asio/connect.hpp>

#include "address.hpp"
#include "core.hpp"

namespace proxystore::endpoint {

using boost::asio::ip::tcp;

std::optional<Secret> Peers::Core::secret_for(std::string const& uuid) const {
  auto const found = remotes_.find(uuid);
  if (found != remotes_.end() && found->second->info.secret) return found->second->info.secret;
  if (auto const* const secret = std::get_if<Secret>(&options_.identity)) return *secret;
  return {};
}

void Peers::Core::need_link(Remote& remote) {
  bool const has_one = std::ranges::any_of(remote.links, [](auto const& link) { return !link->leaving(); });
  if (!has_one && !stopping_ && remote.dialling == Remote::Dialling::no) dial(remote);
}

void Peers::Core::dial(Remote& remote) {
  remote.dialling = Remote::Dialling::connecting;
  if (!remote.info.address.empty()) return dial_direct(remote);
  if (relay_) return dial_relay(remote);
  remote.dialling = Remote::Dialling::no;  // it has to come by itself
}

namespace {

/// Resolving and connecting, with one limit of time for both.
struct Attempt : std::enable_shared_from_this<Attempt> {
  explicit Attempt(Strand const& strand) : resolver(strand), socket(strand), timer(strand) {}

  using Done = std::function<void(boost::system::error_code, tcp::socket)>;

  void start(Address const& address, std::chrono::milliseconds limit, Done then) {
    done = std::move(then);
    timer.expires_after(limit);
    timer.async_wait([self = shared_from_this()](auto cancelled) {
      if (!cancelled) self->finish(boost::asio::error::timed_out);
    });
    resolver.async_resolve(
        address.host, address.port,
        [self = shared_from_this()](boost::system::error_code error, tcp::resolver::results_type const& found) {
          if (error || !self->done) return self->finish(error);
          boost::asio::async_connect(
              self->socket, found,
              [self](boost::system::error_code failed, tcp::endpoint const&) { self->finish(failed); });
        });
  }

  void finish(boost::system::error_code error) {
    auto const then = std::exchange(done, nullptr);
    if (!then) return;
    timer.cancel();
    resolver.cancel();
    if (!error) return then(error, std::move(socket));
    boost::system::error_code ignored;
    socket.close(ignored);
    then(error, tcp::socket(timer.get_executor()));
  }

  tcp::resolver resolver;
  tcp::socket socket;
  boost::asio::steady_timer timer;
  Done done;
};

}  // namespace

void Peers::Core::dial_direct(Remote& remote) {
  auto const uuid = remote.info.uuid;
  std::make_shared<Attempt>(strand_)->start(
      parse_address(remote.info.address), options_.connect_timeout,
      [self = shared_from_this(), uuid](boost::system::error_code error, Socket socket) {
        if (!error) return self->dialled(uuid, std::move(socket), PeerStatus::Path::dialled);
        auto& to = self->remote_of(uuid);
        self->attempt_failed(to, to.info.address + ": " + error.message(), false, PeerStatus::Path::dialled);
      });
}

void Peers::Core::dial_relay(Remote& remote) {
  auto const uuid = remote.info.uuid;
  relay_->meet(uuid, [self = shared_from_this(), uuid](std::shared_ptr<Socket> const& socket, std::string const& why) {
    if (socket) return self->dialled(uuid, std::move(*socket), PeerStatus::Path::relayed);
    self->attempt_failed(self->remote_of(uuid), why, false, PeerStatus::Path::relayed);
  });
}

void Peers::Core::dialled(std::string const& uuid, Socket socket, PeerStatus::Path path) {
  auto& remote = remote_of(uuid);
  if (stopping_) return;
  try {
    remote.attempt = make_link(std::move(socket), tls_.client(uuid, secret_for(uuid)), uuid, true, path);
  } catch (Refused const& refused) {
    return attempt_failed(remote, refused.what(), true, path);
  }
  remote.attempt->start();
}

void Peers::Core::attempt_failed(Remote& remote, std::string const& why, bool refused, PeerStatus::Path path) {
  if (stopping_) return;
  bool const said = remote.last_error == why;
  remote.last_error = why;
  if (!said) log(refused ? LogLevel::warning : LogLevel::info, "no link with " + remote.info.uuid + " (" + why + ")");
  if (path == PeerStatus::Path::dialled && relay_) return dial_relay(remote);
  remote.dialling = Remote::Dialling::no;
  if (refused) fail_queue(remote, "no link with endpoint " + remote.info.uuid + " (" + why + ")");
  if (remote.links.empty() && (wanted(remote) || remote.info.dial == KnownPeer::Dial::always)) retry_later(remote);
}

/// A link that did not last is as good as none: the pauses grow all the same.
void Peers::Core::retry_later(Remote& remote) {
  if (stopping_ || remote.dialling != Remote::Dialling::no) return;
  bool const lasted = remote.up_since.time_since_epoch().count() != 0 &&
                      std::chrono::steady_clock::now() - remote.up_since > options_.longest_backoff;
  remote.up_since = {};
  if (lasted) remote.pause = options_.shortest_backoff;
  remote.dialling = Remote::Dialling::waiting;
  remote.timer.expires_after(remote.pause);
  remote.pause = std::min(2 * remote.pause, options_.longest_backoff);
  remote.timer.async_wait([self = shared_from_this(), &remote](auto cancelled) {
    if (cancelled || self->stopping_) return;
    remote.dialling = Remote::Dialling::no;
    if (remote.links.empty() && (wanted(remote) || remote.info.dial == KnownPeer::Dial::always)) self->dial(remote);
  });
}

}  // namespace proxystore::endpoint
