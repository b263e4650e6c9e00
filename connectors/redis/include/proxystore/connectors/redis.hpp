/// @file
/// Objects in a Redis server.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include <proxystore/connector.hpp>
#include <proxystore/registry.hpp>

namespace proxystore {

/// How the server is reached.
enum class RedisTransport { tcp, tls, unix_socket };

/// Of a RedisConnector; as text, options of these names.
struct RedisOptions {
  RedisTransport transport = RedisTransport::tcp;
  std::string host = "127.0.0.1";
  int port = 6379;
  std::string path = {};  ///< of the socket, for unix_socket
  int database = 0;
  std::string user = {};      ///< of the ACL; empty: the server's default user
  std::string password = {};  ///< config() carries it in the clear; see password_env
  /// Name of the environment variable that holds the password, in this process and in each that rebuilds the
  /// connector. config() carries the name alone.
  std::string password_env = {};
  /// Put before each key. Empty where Python ProxyStore shares the objects, since it knows no prefix.
  std::string prefix = {};
  /// How long an operation may go without progress: connecting, sending, an answer. Then ConnectorError.
  std::chrono::milliseconds timeout = std::chrono::seconds(10);
  /// How long an operation tries to reconnect, with growing pauses, once the connection is lost.
  /// Who waits goes on trying to his own deadline.
  std::chrono::milliseconds reconnect = std::chrono::seconds(5);
  std::chrono::milliseconds expiry{0};  ///< after which the server forgets an object; 0: never
  /// How long the server remembers that a key was evicted: until then it cannot be set, and nobody waits for it.
  std::chrono::milliseconds remember = std::chrono::hours(1);
  /// Between two looks of those who wait, where the server or its ACL lacks CLIENT TRACKING.
  std::chrono::milliseconds poll = std::chrono::milliseconds(250);
  std::size_t connections = 8;  ///< at most, for operations; two more while somebody waits
  /// Bytes in one value. A larger object is kept in parts, which Python cannot read. The server's own limit
  /// (proto-max-bulk-len) holds if it is lower. Default: what Redis takes unless configured otherwise.
  std::size_t part_size = std::size_t{512} << 20U;
  std::string ca = {};    ///< TLS: file with the certificates to trust; empty: those of the system
  std::string cert = {};  ///< TLS: file with the client's certificate
  std::string key = {};   ///< TLS: file with its key
};

/// Objects in a Redis server (or one that speaks its protocol), for any processes that reach it.
///
/// Keys are UUIDs, an object is the string under its key: what Python ProxyStore 1.0 reads and writes. A waiting
/// consumer is woken by the server, whoever sets the object. Beside the objects lie `{key}:once`, which remembers that a
/// key was set or evicted, and `{key}:<uuid>:<n>`, the parts of an object larger than `part_size`.
///
/// Throws ConnectorError if the server cannot be reached, does not answer, refuses, or holds another type under a
/// key; StoreFull if it is out of memory. An operation whose connection breaks is repeated on another.
/// After fork() the child needs a connector of its own.
class PROXYSTORE_EXPORT RedisConnector final : public DeferrableConnector {
 public:
  /// Connects. Throws ConfigError, or ConnectorError at once if there is no server.
  explicit RedisConnector(RedisOptions options = {});
  ~RedisConnector() override;

  Key put(Buffer object) override;
  std::optional<Bytes> get(Key const& key) override;
  bool exists(Key const& key) override;
  void evict(Key const& key) override;
  std::vector<Key> put_batch(std::vector<Buffer> objects) override;
  std::vector<std::optional<Bytes>> get_batch(std::vector<Key> const& keys) override;
  /// Carries all options, a `password` too, since it travels with proxies; `password_env` keeps it at home.
  Config config() const override;
  void close() override;
  std::string report() const override;

  Key new_key(KeyHint const& hint) override;
  void set(Key const& key, Buffer object) override;
  State wait(Key const& key, Deadline deadline) override;
  Received receive(Key const& key, Deadline deadline) override;

  /// Kinds `redis` (//[user[:password]@]host[:port][/database]), `rediss` (the same over TLS) and `redis+unix`
  /// (//path), with the members of RedisOptions as options.
  static void add_kind(Registry& registry);

 private:
  enum class Want { state, object };
  struct Inside;

  void ensure_open() const;
  std::string full(Key const& key) const { return options_.prefix + key.text(); }
  template <class Operation>
  auto run(Operation const& operation) const;
  Received look(std::string const& key, Deadline deadline, Want want) const;
  Received await(Key const& key, Deadline deadline, Want want);

  RedisOptions const options_;
  std::unique_ptr<Inside> inside_;
  std::atomic<bool> closed_{false};
};

}  // namespace proxystore
