#pragma once

#include <functional>
#include <memory>
#include <string>

#include "home.hpp"
#include "log.hpp"
#include "objects.hpp"
#include "peer/identity.hpp"

namespace boost::asio {
class io_context;
}

namespace proxystore::detail {

/// Reads the files. Throws ConfigError.
endpoint::Identity identity_of(Credentials const& credentials);

/// The objects of peers, and for peers those of this endpoint. Thread-safe; nothing blocks, answers come on threads of
/// the context.
class Remotes {
 public:
  /// Throws ConfigError, or ConnectorError if it cannot listen.
  Remotes(boost::asio::io_context& context, EndpointConfig const& config, Objects& objects, ServerLog& log);
  ~Remotes();
  Remotes(Remotes const&) = delete;
  Remotes& operator=(Remotes const&) = delete;

  void set(std::string const& uuid, std::string const& key, Bytes object, Rule rule, Objects::SetAnswer answer);
  void evict(std::string const& uuid, std::string const& key, Objects::EvictAnswer answer);
  /// A deadline beyond now: answers when the key is set or evicted, or with pending when it has come.
  void look(std::string const& uuid, std::string const& key, Want want, Deadline deadline, Objects::LookAnswer answer);

  /// Lines for people: the peers and how links to them are.
  void report(std::function<void(std::string)> answer);
  /// `done` runs when all links are closed.
  void stop(std::function<void()> done);

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

/// A peer could not be asked, or refused. Clients get `status` (502, 504) with the text.
class PeerError final : public std::runtime_error {
 public:
  PeerError(unsigned status, std::string const& text) : std::runtime_error(text), status_(status) {}
  unsigned status() const noexcept { return status_; }

 private:
  unsigned status_;
};

}  // namespace proxystore::detail
