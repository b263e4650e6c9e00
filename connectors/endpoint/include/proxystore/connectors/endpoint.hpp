/// @file
/// Objects in the endpoint of a site.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <proxystore/connector.hpp>
#include <proxystore/registry.hpp>

namespace proxystore {

/// Of an EndpointConnector.
struct EndpointOptions {
  /// UUIDs. The first that has a configuration in `home` and answers there is used; the others are reached through it.
  std::vector<std::string> endpoints = {};
  /// Folder with one folder for each endpoint. Empty: $PROXYSTORE_HOME, else $XDG_DATA_HOME/proxystore, else
  /// ~/.local/share/proxystore, as for Python ProxyStore.
  std::string home = {};
  /// Instead of UUIDs: where an endpoint listens.
  std::string host = {};
  int port = 0;
  /// How long an operation may go without progress: connecting, sending, an answer. Then ConnectorError.
  std::chrono::milliseconds timeout = std::chrono::seconds(10);
  /// How long an operation tries to reconnect, with growing pauses, once the connection is lost.
  /// Who waits goes on trying to his own deadline.
  std::chrono::milliseconds reconnect = std::chrono::seconds(5);
  /// Between two looks of those who wait at a Python endpoint, which does not wake them.
  std::chrono::milliseconds poll = std::chrono::milliseconds(250);
  std::size_t connections = 8;  ///< at most, for operations; one more for each thread that waits
};

/// What a key of an EndpointConnector says: Python ProxyStore's EndpointKey.
struct PROXYSTORE_EXPORT EndpointKey {
  std::string object_id;
  std::string endpoint_id = {};  ///< UUID of the endpoint that has the object; empty: the nearest

  /// "<object_id>@<endpoint_id>"
  Key key() const;
  static EndpointKey of(Key const& key);
  friend bool operator==(EndpointKey const&, EndpointKey const&) = default;
};

/// Objects in ProxyStore endpoints: this project's `proxystore-endpoint` or Python ProxyStore's, over HTTP.
///
/// A connector talks to one endpoint, and through it to its peers: a key names the endpoint that has the object.
/// Our endpoint wakes who waits, lets the first set win and remembers what was evicted. A Python endpoint does none of
/// that: there a waiter looks every `poll`, a set that races with another may overwrite it, who waits for an evicted
/// object waits until its deadline, and an object of zero length is refused.
///
/// Throws ConnectorError if no endpoint can be reached, does not answer or refuses; StoreFull if an object is larger
/// than it allows. An operation whose connection breaks is repeated on another.
/// After fork() the child needs a connector of its own.
class PROXYSTORE_EXPORT EndpointConnector final : public DeferrableConnector {
 public:
  /// Looks for an endpoint and connects. Throws ConfigError, or ConnectorError at once if there is none.
  explicit EndpointConnector(EndpointOptions options);
  ~EndpointConnector() override;

  Key put(Buffer object) override;
  std::optional<Bytes> get(Key const& key) override;
  bool exists(Key const& key) override;
  void evict(Key const& key) override;
  Config config() const override;
  void close() override;
  std::string report() const override;

  Key new_key(KeyHint const& hint) override;
  void set(Key const& key, Buffer object) override;
  State wait(Key const& key, Deadline deadline) override;
  Received receive(Key const& key, Deadline deadline) override;

  /// UUID of the endpoint it talks to.
  std::string endpoint() const;

  /// Kind `endpoint`: UUID[,UUID...] or //host:port, with the other members of EndpointOptions as options.
  static void add_kind(Registry& registry);

 private:
  enum class Want { state, object };
  struct Inside;

  void ensure_open() const;
  template <class Operation>
  auto run(Operation const& operation) const;
  void send(EndpointKey const& key, Buffer const& object) const;
  Received look(std::string const& query, Deadline deadline, Want want, bool& waited) const;
  Received await(Key const& key, Deadline deadline, Want want);

  EndpointOptions const options_;
  std::unique_ptr<Inside> inside_;
  std::atomic<bool> closed_{false};
};

}  // namespace proxystore
