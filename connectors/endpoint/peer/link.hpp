#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "answer.hpp"
#include "budget.hpp"
#include "peers.hpp"
#include "wire.hpp"

namespace proxystore::endpoint {

class Link;

struct Asked;
using AskedPtr = std::shared_ptr<Asked>;
using Deadlines = std::multimap<Deadline::Clock::time_point, AskedPtr>;

/// An own request, until it is completed.
struct Asked {
  std::string uuid;  ///< of the peer
  Request request;
  Peers::Completion completion;  ///< null once it has run
  std::shared_ptr<Link> link = {};
  std::uint64_t stream = 0;
  int times = 0;  ///< that it was sent
  std::optional<Deadlines::iterator> deadline = {};
};

/// What a link needs of the endpoint that it belongs to. All in the strand.
class LinkOwner {
 public:
  virtual std::string const& own_uuid() const = 0;
  /// Of this process: what a hello says of it.
  virtual Hello hello() const = 0;
  virtual std::size_t object_limit() const = 0;
  virtual std::size_t request_limit() const = 0;
  /// May `uuid`, which has proved to be that, talk to us? Throws Refused.
  virtual void admit(std::string const& uuid, Proof proof) const = 0;
  virtual void link_up(std::shared_ptr<Link> const& link) = 0;
  /// `unanswered`: what was asked over it, and whether the peer may have acted on it.
  struct Unanswered {
    AskedPtr asked;
    bool may_be_done;
  };
  virtual void link_down(std::shared_ptr<Link> const& link, std::string const& why, bool refused,
                         std::vector<Unanswered> unanswered) = 0;
  /// It can take more requests.
  virtual void link_free(Link& link) = 0;
  /// One side has said goodbye: nothing new goes over it.
  virtual void link_leaving(Link& link) = 0;
  virtual void serve(std::string const& from, Request request, Answer answer) = 0;
  virtual void complete(AskedPtr const& asked, Reply reply) = 0;

 protected:
  ~LinkOwner() = default;
};

/// A connection to one peer, for requests in both directions.
///
///     dialler   secured ── hello ──▶                      up when the other's hello is there
///     acceptor  secured   ◀── hello ── (believed?) hello ──▶ up
///
///     asker     request ──▶                     server   serves or, if there is much data, waits for memory
///               (accept ◀── ) body … ──▶                  serves
///               ◀── reply   (accept ──▶ ) ◀── body …
class Link final : public Wire {
 public:
  using Path = PeerStatus::Path;

  struct Setup {
    LinkOwner& owner;  ///< outlives all links that are not closed
    std::shared_ptr<Budget> budget;
    std::string peer;  ///< expected; empty: it says so itself
    bool dialler;
    Path path;
    Patience patience;
  };
  Link(Strand const& strand, boost::asio::ip::tcp::socket socket, Tls::End end, Setup setup);

  /// REQUIRES: has_room()
  void ask(AskedPtr const& asked);
  bool has_room() const noexcept { return up_ && !leaving() && asks_.size() < room_; }
  /// Nobody waits for the reply of that own request any more.
  void forget(Asked& asked);
  /// What waits, to be asked over another link.
  std::vector<AskedPtr> take_waits();

  /// Completes all own requests.
  void fail_asks(std::string const& why);

  /// Says goodbye; closes when all that is under way is done.
  void leave();
  /// Says goodbye, drops what is not answered yet, and closes when the rest is sent.
  void leave_now();
  bool leaving() const noexcept { return said_goodbye_ || heard_goodbye_; }

  std::string const& peer() const noexcept { return peer_; }
  bool up() const noexcept { return up_; }
  bool dialler() const noexcept { return dialler_; }
  Path path() const noexcept { return path_; }
  std::uint64_t life() const noexcept { return life_; }
  std::size_t asked() const noexcept { return asks_.size(); }
  std::size_t serving() const noexcept { return serving_.size(); }

 private:
  struct Inbound {  // data on its way in
    std::uint64_t size = 0, got = 0;
    Buffer memory{};
    Budget::Grant grant{};
    bool accepted = false;
  };
  struct Ask {
    AskedPtr asked;
    Inbound data{};
    Reply reply{};      // its data is still on the way
    bool sent = false;  // data of its own that was not inline: is being sent
  };
  struct Serving {
    Request request;
    Inbound data{};
    std::weak_ptr<Answer::State> state{};
  };

  void secured() override;
  void message(FrameHeader const& header, std::span<std::byte const> payload) override;
  Target body(FrameHeader const& header) override;
  void body_read(FrameHeader const& header) override;
  void ended(std::string const& why, bool refused) override;
  void tick() override;
  void drained() override { leave_if_done(); }

  void greet(FrameHeader const& header, std::span<std::byte const> payload);
  void believe(Hello const& hello);
  void requested(FrameHeader const& header, std::span<std::byte const> payload);
  void replied(FrameHeader const& header, std::span<std::byte const> payload);
  void accepted(FrameHeader const& header);
  void cancelled(std::uint64_t stream);
  void heard_goodbye();

  Inbound* inbound(FrameHeader const& header);
  /// Accepts data when there is memory for it.
  void await_memory(Side side, std::uint64_t stream, std::uint64_t size);
  void accept_data(Side side, std::uint64_t stream, Budget::Grant grant);
  void no_memory(Side side, std::uint64_t stream);

  void serve(std::uint64_t stream);
  void answer(std::uint64_t stream, Reply reply);
  void send_reply(std::uint64_t stream, Reply reply);
  void complete(std::uint64_t stream, Reply reply);
  void leave_if_done();
  std::string too_large() const;

  LinkOwner& owner_;
  std::shared_ptr<Budget> const budget_;
  std::string peer_;
  bool const dialler_;
  Path const path_;
  bool up_ = false, said_goodbye_ = false, heard_goodbye_ = false;
  std::uint64_t life_ = 0;
  std::size_t room_ = 0;  // requests that the peer takes at a time
  std::uint64_t last_stream_ = 0;
  std::unordered_map<std::uint64_t, Ask> asks_;         // own requests
  std::unordered_map<std::uint64_t, Serving> serving_;  // the peer's
  std::unordered_map<std::uint64_t, Bytes> offers_;     // replies whose data has not been accepted yet
};

}  // namespace proxystore::endpoint
