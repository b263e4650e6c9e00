/// One endpoint of a test: its links, objects in memory below them, and what it logs. Threads of its own.
#pragma once

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "peer/peers.hpp"
#include "peer/relay.hpp"

namespace peering_test {

using namespace proxystore;
using namespace proxystore::endpoint;
using namespace std::chrono_literals;

/// What must happen by itself happens long before this; then the test fails instead of hanging.
inline constexpr auto patience = 40s;

inline std::string const anna = "11111111-1111-4111-8111-111111111111";
inline std::string const bert = "22222222-2222-4222-8222-222222222222";
inline std::string const carl = "33333333-3333-4333-8333-333333333333";

/// Secrets of the tests: the same in each test.
Secret secret(char of);

class Journal {
 public:
  Journal();
  Log log() const;
  bool has(std::string_view part) const;
  /// Waits for a line with all of these parts; false after the time.
  bool awaits(std::vector<std::string> const& parts, std::chrono::milliseconds limit = patience) const;
  std::string text() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

struct SiteOptions {
  bool listens = true;
  /// In place of the objects.
  Handler handler = {};
};

class Site {
 public:
  /// A UUID, the secret of most tests, and 127.0.0.1:0 unless told otherwise.
  Site(std::string const& uuid, std::function<void(PeersOptions&)> change = {}, SiteOptions options = {});
  ~Site();
  Site(Site const&) = delete;
  Site& operator=(Site const&) = delete;

  Peers& peers() noexcept;
  std::string const& uuid() const noexcept;
  std::string address() const;
  void knows(Site const& other, KnownPeer::Dial dial = KnownPeer::Dial::on_demand);
  void knows(std::string const& uuid, std::string const& address, KnownPeer::Dial dial = KnownPeer::Dial::on_demand);

  std::future<Reply> ask(std::string const& uuid, Request request);
  /// Waits for the reply; Status::error with a text of the test's own after `patience`.
  Reply answer(std::string const& uuid, Request request);
  /// Puts into its own memory, and wakes who waits.
  void put(std::string const& key, Bytes object);
  Bytes object(std::string const& key) const;
  std::size_t waiting() const;    ///< requests to wait that are here
  std::size_t abandoned() const;  ///< of these, those that nobody wanted any more

  PeerStatus status(std::string const& uuid);
  /// Waits until the status is as wanted; false after `patience`.
  bool becomes(std::string const& uuid, std::function<bool(PeerStatus const&)> const& wanted);
  bool linked(std::string const& uuid);
  /// Stops with grace, until all is closed.
  bool stop();

  Journal journal;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

class RelayHost {
 public:
  explicit RelayHost(std::function<void(RelayOptions&)> change = {});
  ~RelayHost();
  RelayHost(RelayHost const&) = delete;
  RelayHost& operator=(RelayHost const&) = delete;

  std::string address() const;
  std::uint16_t port() const;
  RelayStatus status();
  bool becomes(std::function<bool(RelayStatus const&)> const& wanted);

  Journal journal;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// A port of this machine that leads to another, until something goes wrong on the way.
class Cable {
 public:
  explicit Cable(std::uint16_t to);
  ~Cable();
  Cable(Cable const&) = delete;
  Cable& operator=(Cable const&) = delete;

  std::string address() const;
  void cut();  ///< connections end, new ones are refused
  void mend();
  void freeze();             ///< nothing passes, and nothing is said of it
  void thaw();               ///< for new connections; those that were frozen stay so
  std::string seen() const;  ///< all bytes that have passed, in both directions
  std::size_t connections() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Sends `text` as it is, and returns what comes back until the other side closes, or "silence" after the time.
std::string talk(std::uint16_t port, std::string const& text, std::chrono::milliseconds limit = patience);

Bytes bytes_of(std::string_view text);
/// Bytes that depend on their place.
Bytes pattern(std::size_t size, unsigned seed = 1);

}  // namespace peering_test
