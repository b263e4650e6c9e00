/// The links of an endpoint to others: TLS 1.3, both sides authenticated, many requests at a time.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <proxystore/buffer.hpp>
#include <proxystore/deadline.hpp>
#include <proxystore/log.hpp>

#include "identity.hpp"

namespace boost::asio {
class io_context;
}

namespace proxystore::endpoint {

enum class Op : std::uint8_t { exists = 1, get, set, evict, wait };

struct Request {
  Op op = Op::get;
  std::string key;    ///< at most `longest_key` bytes
  Bytes data = {};    ///< of a set
  Deadline deadline;  ///< when the asker gives up, by the clock of this process
};

inline constexpr std::size_t longest_key = 4096;

struct Reply {
  enum class Status : std::uint8_t {
    ok = 0,       ///< done; exists: there; wait: set
    absent,       ///< exists, get: no such object
    already_set,  ///< set: the first object stays
    gone,         ///< wait: will never be set
    too_large,    ///< refused, here or there; the text has the limit
    timed_out,    ///< no answer before the deadline; the text says what is the matter with the peer
    unreachable,  ///< no way to the peer, or the link was lost while a set was under way
    error,
  };
  Status status = Status::ok;
  std::string text = {};  ///< why, unless ok
  Bytes data = {};        ///< of a get, and whatever else the handler sends with a reply
};

/// Where a handler puts its reply. Copies are one; the first reply counts. Thread-safe.
class Answer {
 public:
  class State;
  explicit Answer(std::shared_ptr<State> state) noexcept : state_(std::move(state)) {}

  void operator()(Reply reply) const;
  /// False once the asker has given up or its link was lost.
  bool wanted() const;
  /// Runs `forget` once when nobody wants the answer any more, at once if so already; never after the reply.
  void when_unwanted(std::function<void()> forget) const;

 private:
  std::shared_ptr<State> state_;
};

/// Serves a request of the peer `from`, without blocking, since all links wait meanwhile; may answer later, from any
/// thread. Exceptions become Reply::Status::error.
using Handler = std::function<void(std::string const& from, Request, Answer)>;

struct KnownPeer {
  std::string uuid;
  std::string address = {};           ///< "host:port"; empty: it dials, or is met at the relay
  std::optional<Secret> secret = {};  ///< with it alone, in place of the shared one
  enum class Dial { on_demand, always } dial = Dial::on_demand;  ///< always: so that the peer can ask, too
};

/// A meeting place for endpoints that cannot reach each other. It sees who talks to whom, but nothing of what is said.
struct RelayAccess {
  std::string address;  ///< "host:port"
  Identity identity;    ///< the relay's token, or certificates
};

struct PeersOptions {
  std::string uuid;  ///< own
  Identity identity;
  std::string listen = {};  ///< "host:port", port 0 for a free one; empty: nobody can dial this endpoint
  std::vector<KnownPeer> known = {};
  enum class Admit { authenticated, known } admit = Admit::authenticated;  ///< who may dial
  std::optional<RelayAccess> relay = {};
  std::size_t object_limit = SIZE_MAX;              ///< bytes of one object, in either direction
  std::size_t memory = std::size_t{1} << 30U;       ///< bytes of objects that are being received (one may be larger)
  std::size_t requests = 16384;                     ///< of a peer at a time; more wait at the asker
  std::size_t queued = 65536;                       ///< own requests to a peer that wait; more are refused
  std::chrono::milliseconds keepalive{5000};        ///< a link that is silent for three of these is dead
  std::chrono::milliseconds connect_timeout{5000};  ///< until a dialled link is up
  std::chrono::milliseconds shortest_backoff{50};   ///< between two attempts; doubles
  std::chrono::milliseconds longest_backoff{5000};
  std::chrono::milliseconds grace{2000};  ///< in which stop() may still send answers
  Log log = {};                           ///< refused peers; links that come and go
};

struct PeerStatus {
  enum class State { idle, connecting, waiting, up };  ///< waiting: for the next attempt
  enum class Path { none, dialled, accepted, relayed };
  std::string uuid;
  State state = State::idle;
  Path path = Path::none;
  std::size_t links = 0;                 ///< more than one for a moment, when both have dialled
  std::size_t asked = 0;                 ///< own requests without a reply, those that wait to be sent among them
  std::size_t serving = 0;               ///< requests of the peer without an answer
  std::uint64_t sent = 0, received = 0;  ///< bytes of frames over the present links
  std::string last_error = {};
};

/// All links of one endpoint. Everything happens in threads that run `context`, which must outlive this object;
/// functions are thread-safe and return at once.
///
///     request ──▶ link up? ──▶ asked ──▶ reply
///                    │ no               └─ link lost ──▶ again over the next link (a set: unreachable)
///                    └──▶ dial: its address, then the relay, with backoff, until the deadline
class Peers {
 public:
  /// Listens on return. Throws ConfigError, or ConnectorError if it cannot listen.
  Peers(boost::asio::io_context& context, PeersOptions options, Handler handler);
  /// Stops without grace. The handler may still be called until the context has stopped, or stop() is done.
  ~Peers();
  Peers(Peers const&) = delete;
  Peers& operator=(Peers const&) = delete;

  using Completion = std::function<void(Reply)>;
  /// `completion` runs once, in a thread of the context, at the deadline at the latest.
  void request(std::string const& uuid, Request request, Completion completion);

  /// Adds a peer, or changes what is known of it.
  void know(KnownPeer peer);
  /// The port that it listens on; 0 without.
  std::uint16_t port() const noexcept;
  void status(std::function<void(std::vector<PeerStatus>)> completion) const;
  /// Idempotent. Own requests fail; peers get the answers that are there and are told; `done` runs when all is closed.
  void stop(std::function<void()> done = {});

 private:
  class Core;
  friend class Answer;
  std::shared_ptr<Core> core_;
};

std::string to_string(PeerStatus const& status);

}  // namespace proxystore::endpoint
