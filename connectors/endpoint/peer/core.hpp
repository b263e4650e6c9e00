#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "link.hpp"
#include "relay_client.hpp"

namespace proxystore::endpoint {

/// What is known of one other endpoint, and what is under way to it.
///
///     idle ── a request, or Dial::always ──▶ connecting ── failed ──▶ waiting (backoff) ──▶ connecting …
///                                                └──▶ a link that is up
struct Remote {
  enum class Dialling { no, connecting, waiting };

  explicit Remote(Strand const& strand) : timer(strand) {}

  KnownPeer info{};
  bool known = false;                          // by options or know()
  std::vector<std::shared_ptr<Link>> links{};  // up; the newest last
  std::deque<AskedPtr> queue{};                // to be asked
  Dialling dialling = Dialling::no;
  std::shared_ptr<Link> attempt{};  // a link that may come up
  boost::asio::steady_timer timer;
  std::chrono::milliseconds pause{0};  // before the next attempt
  bool met = false;                    // a link was up once
  std::string last_error{};
  std::chrono::steady_clock::time_point up_since{};
};

class Peers::Core final : public std::enable_shared_from_this<Core>, public LinkOwner, public RelayUser {
 public:
  Core(boost::asio::io_context& context, PeersOptions options, Handler handler);

  void start();
  void request(AskedPtr asked);
  void know(KnownPeer peer);
  std::uint16_t port() const noexcept { return port_; }
  std::vector<PeerStatus> status() const;
  void stop(std::chrono::milliseconds grace, std::function<void()> done);
  Strand const& strand() const noexcept { return strand_; }
  std::chrono::milliseconds grace() const noexcept { return options_.grace; }

 private:
  using Socket = boost::asio::ip::tcp::socket;

  // LinkOwner
  std::string const& own_uuid() const override { return options_.uuid; }
  Hello hello() const override;
  std::size_t object_limit() const override { return options_.object_limit; }
  std::size_t request_limit() const override { return options_.requests; }
  void admit(std::string const& uuid, Proof proof) const override;
  void link_up(std::shared_ptr<Link> const& link) override;
  void link_down(std::shared_ptr<Link> const& link, std::string const& why, bool refused,
                 std::vector<Unanswered> unanswered) override;
  void link_free(Link& link) override;
  void link_leaving(Link& link) override;
  void serve(std::string const& from, Request request, Answer answer) override;
  void complete(AskedPtr const& asked, Reply reply) override;
  // RelayUser
  void relay_invites(std::string const& from, Socket socket) override;
  void relay_changed(bool registered, std::string const& why) override;

  // links (core.cpp)
  std::shared_ptr<Link> make_link(Socket socket, Tls::End end, std::string peer, bool dialler, PeerStatus::Path path);
  void accept();
  void accepted(Socket socket, PeerStatus::Path path);
  void keep_one(Remote& remote);
  void move_waits(Remote& remote);
  Link* usable(Remote const& remote) const;
  void log(LogLevel level, std::string const& text) const;
  void begin_stop();
  void finish_stop();

  // requests (requests.cpp)
  Remote* remote_for(std::string const& uuid);
  Remote& remote_of(std::string const& uuid);
  std::optional<Reply> refusal(Asked const& asked) const;
  static bool wanted(Remote& remote);
  void forget_unknown();
  void watch_deadline(AskedPtr const& asked);
  void arm_deadlines();
  void expire();
  void flush(Remote& remote);
  void ask_again(Remote& remote, std::vector<Unanswered> unanswered, std::string const& why);
  void fail_queue(Remote& remote, std::string const& why);

  // dialling (dial.cpp)
  void need_link(Remote& remote);
  void dial(Remote& remote);
  void dial_direct(Remote& remote);
  void dial_relay(Remote& remote);
  void dialled(std::string const& uuid, Socket socket, PeerStatus::Path path);
  void attempt_failed(Remote& remote, std::string const& why, bool refused, PeerStatus::Path path);
  void retry_later(Remote& remote);
  std::optional<Secret> secret_for(std::string const& uuid) const;

  PeersOptions const options_;
  Handler const handler_;
  Strand const strand_;
  Tls const tls_;
  std::shared_ptr<Budget> const budget_;
  std::uint64_t const life_;
  std::uint16_t port_ = 0;
  std::optional<boost::asio::ip::tcp::acceptor> acceptor_;
  boost::asio::steady_timer acceptor_timer_, deadline_timer_, stop_timer_;
  std::shared_ptr<RelayClient> relay_;
  std::unordered_map<std::string, std::unique_ptr<Remote>> remotes_;
  std::unordered_set<std::shared_ptr<Link>> links_;  // all that are not closed
  std::size_t strangers_ = 0;                        // of these: accepted and not up
  Deadlines deadlines_;
  bool started_ = false, stopping_ = false;
  std::vector<std::function<void()>> stopped_;
};

}  // namespace proxystore::endpoint
