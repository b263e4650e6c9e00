#include "peers.hpp"

#include <algorithm>

#include <boost/asio/post.hpp>

#include "address.hpp"
#include "core.hpp"

namespace proxystore::endpoint {

Peers::Peers(boost::asio::io_context& context, PeersOptions options, Handler handler)
    : core_(std::make_shared<Core>(context, std::move(options), std::move(handler))) {
  boost::asio::post(core_->strand(), [core = core_] { core->start(); });
}

Peers::~Peers() {
  boost::asio::post(core_->strand(), [core = core_] { core->stop(std::chrono::milliseconds(0), {}); });
}

void Peers::request(std::string const& uuid, Request request, Completion completion) {
  auto asked = std::make_shared<Asked>(Asked{uuid, std::move(request), std::move(completion)});
  boost::asio::post(core_->strand(),
                    [core = core_, asked = std::move(asked)]() mutable { core->request(std::move(asked)); });
}

void Peers::know(KnownPeer peer) {
  peer.uuid = canonical_uuid(std::move(peer.uuid));
  if (!peer.address.empty()) parse_address(peer.address);
  boost::asio::post(core_->strand(), [core = core_, peer = std::move(peer)] { core->know(peer); });
}

std::uint16_t Peers::port() const noexcept { return core_->port(); }

void Peers::status(std::function<void(std::vector<PeerStatus>)> completion) const {
  boost::asio::post(core_->strand(),
                    [core = core_, completion = std::move(completion)] { completion(core->status()); });
}

void Peers::stop(std::function<void()> done) {
  boost::asio::post(core_->strand(),
                    [core = core_, done = std::move(done)]() mutable { core->stop(core->grace(), std::move(done)); });
}

void Peers::Core::know(KnownPeer peer) {
  auto& remote = remote_of(peer.uuid);
  remote.info = std::move(peer);
  remote.known = true;
  if (started_ && (remote.info.dial == KnownPeer::Dial::always || wanted(remote))) need_link(remote);
}

std::vector<PeerStatus> Peers::Core::status() const {
  std::vector<PeerStatus> all;
  for (auto const& [uuid, remote] : remotes_) {
    PeerStatus one{.uuid = uuid, .asked = remote->queue.size(), .last_error = remote->last_error};
    using State = PeerStatus::State;
    one.state = remote->dialling == Remote::Dialling::connecting ? State::connecting
                : remote->dialling == Remote::Dialling::waiting  ? State::waiting
                                                                 : State::idle;
    for (auto const& link : remote->links) {
      one.state = State::up;
      one.path = link->path();
      one.asked += link->asked();
      one.serving += link->serving();
      one.sent += link->sent();
      one.received += link->received();
      ++one.links;
    }
    all.push_back(std::move(one));
  }
  std::ranges::sort(all, {}, &PeerStatus::uuid);
  return all;
}

std::string to_string(PeerStatus const& status) {
  constexpr char const* states[] = {"idle", "connecting", "waiting for the next attempt", "up"};
  constexpr char const* paths[] = {"", ", dialled", ", accepted", ", through the relay"};
  std::string text = status.uuid + ": " + states[static_cast<int>(status.state)] + paths[static_cast<int>(status.path)];
  text += ", " + std::to_string(status.asked) + " asked, " + std::to_string(status.serving) + " serving, " +
          std::to_string(status.sent) + " bytes sent, " + std::to_string(status.received) + " received";
  return status.last_error.empty() ? text : text + " (" + status.last_error + ")";
}

}  // namespace proxystore::endpoint
