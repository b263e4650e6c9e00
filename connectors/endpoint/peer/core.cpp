#include "core.hpp"

#include <algorithm>
#include <utility>

#include <openssl/rand.h>

#include <proxystore/error.hpp>

#include "address.hpp"

namespace proxystore::endpoint {
namespace {

constexpr std::size_t stranger_limit = 256;  // connections that have not said who they are
constexpr std::size_t link_limit = 4;        // to one peer
constexpr auto acceptor_pause = std::chrono::milliseconds(100);

std::uint64_t random_life() {
  std::uint64_t life = 0;
  tls_check(RAND_bytes(reinterpret_cast<unsigned char*>(&life), sizeof life), "RAND_bytes");
  return life;
}

PeersOptions canonical(PeersOptions options) {
  options.uuid = canonical_uuid(std::move(options.uuid));
  if (!options.log) options.log = default_log();
  return options;
}

}  // namespace

Peers::Core::Core(boost::asio::io_context& context, PeersOptions options, Handler handler)
    : options_(canonical(std::move(options))),
      handler_(std::move(handler)),
      strand_(boost::asio::make_strand(context)),
      tls_(options_.identity, options_.uuid, [this](std::string const& uuid) { return secret_for(uuid); }),
      budget_(std::make_shared<Budget>(strand_, options_.memory)),
      life_(random_life()),
      acceptor_timer_(strand_),
      deadline_timer_(strand_),
      stop_timer_(strand_) {
  if (!options_.listen.empty()) {
    acceptor_.emplace(listen_at(strand_, options_.listen));
    port_ = acceptor_->local_endpoint().port();
  }
  for (auto peer : options_.known) {
    peer.uuid = canonical_uuid(std::move(peer.uuid));
    if (!peer.address.empty()) parse_address(peer.address);
    know(std::move(peer));
  }
  if (options_.relay) relay_ = std::make_shared<RelayClient>(strand_, *this, options_);
}

void Peers::Core::start() {
  started_ = true;
  if (acceptor_) accept();
  if (relay_) relay_->start();
  for (auto const& [uuid, remote] : remotes_)
    if (remote->info.dial == KnownPeer::Dial::always) need_link(*remote);
}

void Peers::Core::log(LogLevel level, std::string const& text) const {
  if (options_.log) options_.log(level, "endpoint " + options_.uuid + ": " + text);
}

// ---- links that come

void Peers::Core::accept() {
  acceptor_->async_accept([self = shared_from_this()](auto error, Socket socket) {
    if (self->stopping_) return;
    if (!error) {
      self->accepted(std::move(socket), PeerStatus::Path::accepted);
      return self->accept();
    }
    self->acceptor_timer_.expires_after(acceptor_pause);  // such as: no more descriptors
    self->acceptor_timer_.async_wait([self](auto cancelled) {
      if (!cancelled && !self->stopping_) self->accept();
    });
  });
}

void Peers::Core::accepted(Socket socket, PeerStatus::Path path) {
  if (strangers_ >= stranger_limit)
    return log(LogLevel::warning, "refused " + address_of(socket) + " (too many that do not say who they are)");
  ++strangers_;
  make_link(std::move(socket), tls_.server(), {}, false, path)->start();
}

void Peers::Core::relay_invites(std::string const& from, Socket socket) {
  if (stopping_) return;
  log(LogLevel::info, "invited by the relay to meet " + from);
  accepted(std::move(socket), PeerStatus::Path::relayed);
}

void Peers::Core::relay_changed(bool registered, std::string const& why) {
  log(registered ? LogLevel::info : LogLevel::warning,
      (registered ? "registered at the relay " : "not registered at the relay ") + options_.relay->address +
          (why.empty() ? "" : " (" + why + ")"));
}

std::shared_ptr<Link> Peers::Core::make_link(Socket socket, Tls::End end, std::string peer, bool dialler,
                                             PeerStatus::Path path) {
  auto link = std::make_shared<Link>(strand_, std::move(socket), std::move(end),
                                     Link::Setup{.owner = *this,
                                                 .budget = budget_,
                                                 .peer = std::move(peer),
                                                 .dialler = dialler,
                                                 .path = path,
                                                 .patience = {options_.connect_timeout, options_.keepalive}});
  links_.insert(link);
  return link;
}

Hello Peers::Core::hello() const {
  return {.from = options_.uuid,
          .to = {},
          .life = life_,
          .requests = static_cast<std::uint32_t>(std::min<std::size_t>(options_.requests, UINT32_MAX))};
}

void Peers::Core::admit(std::string const& uuid, Proof proof) const {
  auto const found = remotes_.find(uuid);
  if (uuid == options_.uuid) throw Refused("it has the UUID of this endpoint");
  if (options_.admit == PeersOptions::Admit::known && (found == remotes_.end() || !found->second->known))
    throw Refused("endpoint " + uuid + " is not known here");
  if (found != remotes_.end() && found->second->info.secret && proof != Proof::secret)
    throw Refused("endpoint " + uuid + " has a secret of its own");
}

// ---- links that are up, or no longer

void Peers::Core::link_up(std::shared_ptr<Link> const& link) {
  if (!link->dialler()) --strangers_;
  auto& remote = remote_of(link->peer());
  if (remote.attempt == link) {
    remote.attempt = nullptr;
    remote.dialling = Remote::Dialling::no;
  }
  for (auto const& other : std::vector(remote.links))
    if (other->life() != link->life()) other->close("it has been started again");
  remote.links.push_back(link);
  remote.met = true;
  remote.up_since = std::chrono::steady_clock::now();
  remote.last_error.clear();
  log(LogLevel::info, "linked with " + link->peer() + " at " + link->address());
  if (stopping_) return link->leave_now();
  keep_one(remote);
  move_waits(remote);
}

/// Both sides may have dialled at once. Each side gives up links that it has dialled itself: the one with the higher
/// UUID all of them, if the other has dialled, too; else all but the newest.
void Peers::Core::keep_one(Remote& remote) {
  auto const links = remote.links;
  auto const theirs = std::ranges::any_of(links, [](auto const& link) { return !link->dialler() && !link->leaving(); });
  bool newest = !(theirs && options_.uuid > remote.info.uuid);
  for (auto link = links.rbegin(); link != links.rend(); ++link)
    if ((*link)->dialler() && !(*link)->leaving() && !std::exchange(newest, false)) (*link)->leave();
  if (remote.links.size() > link_limit) remote.links.front()->close("there are newer links");
}

void Peers::Core::link_down(std::shared_ptr<Link> const& link, std::string const& why, bool refused,
                            std::vector<Unanswered> unanswered) {
  links_.erase(link);
  if (!link->up() && !link->dialler()) {
    --strangers_;
    log(LogLevel::warning, "refused a peer from " + link->address() + " (" + why + ")");
  } else {
    auto& remote = remote_of(link->peer());
    if (link->up()) {
      std::erase(remote.links, link);
      log(LogLevel::info, "no longer linked with " + link->peer() + " at " + link->address() + " (" + why + ")");
      if (remote.links.empty()) remote.last_error = "the link was lost: " + why;
      ask_again(remote, std::move(unanswered), why);
    } else if (remote.attempt == link) {
      remote.attempt = nullptr;
      attempt_failed(remote, why, refused, link->path());
    }
  }
  if (stopping_) finish_stop();
}

void Peers::Core::link_free(Link& link) {
  if (!link.peer().empty()) flush(remote_of(link.peer()));
}

void Peers::Core::link_leaving(Link& link) { move_waits(remote_of(link.peer())); }

/// Waits may take long, and a link that is to be left must not stay for them.
void Peers::Core::move_waits(Remote& remote) {
  if (usable(remote))
    for (auto const& link : remote.links)
      if (link->leaving())
        for (auto const& asked : link->take_waits()) remote.queue.push_back(asked);
  flush(remote);
}

Link* Peers::Core::usable(Remote const& remote) const {
  for (auto link = remote.links.rbegin(); link != remote.links.rend(); ++link)
    if ((*link)->has_room()) return link->get();
  return nullptr;
}

void Peers::Core::serve(std::string const& from, Request request, Answer answer) {
  try {
    handler_(from, std::move(request), answer);
  } catch (std::exception const& error) {
    answer({.status = Reply::Status::error, .text = error.what()});
  }
}

// ---- stop

void Peers::Core::stop(std::chrono::milliseconds grace, std::function<void()> done) {
  if (done) stopped_.push_back(std::move(done));
  if (!std::exchange(stopping_, true)) begin_stop();
  for (auto const& link : std::vector(links_.begin(), links_.end()))
    link->up() && grace.count() > 0 ? link->leave_now() : link->close("this endpoint was stopped");
  stop_timer_.expires_after(grace);
  stop_timer_.async_wait([self = shared_from_this()](auto cancelled) {
    if (cancelled) return;
    for (auto const& link : std::vector(self->links_.begin(), self->links_.end()))
      link->close("this endpoint was stopped");
  });
  finish_stop();
}

void Peers::Core::begin_stop() {
  boost::system::error_code ignored;
  if (acceptor_) acceptor_->close(ignored);
  acceptor_timer_.cancel();
  if (relay_) relay_->stop();
  auto const why = "endpoint " + options_.uuid + " was stopped";
  for (auto const& [uuid, remote] : remotes_) {
    remote->timer.cancel();
    for (auto const& link : remote->links) link->fail_asks(why);
    fail_queue(*remote, why);
  }
  deadline_timer_.cancel();
}

void Peers::Core::finish_stop() {
  if (!links_.empty()) return;
  stop_timer_.cancel();
  for (auto const& done : std::exchange(stopped_, {})) done();
}

}  // namespace proxystore::endpoint
