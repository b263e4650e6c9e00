/// TLS 1.3 between two that know each other: by certificates, or by a secret they share. The one file that calls
/// OpenSSL for contexts and proofs; Channel moves the bytes.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include <openssl/ssl.h>

#include "identity.hpp"

namespace proxystore::endpoint {

struct SslFree {
  void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
  void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
};
using SslPtr = std::unique_ptr<SSL, SslFree>;
using SslContext = std::unique_ptr<SSL_CTX, SslFree>;

/// The other side is not who it should be, or does not speak TLS 1.3: nothing that passes by itself.
class Refused : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What OpenSSL says is wrong, and empties its queue.
std::string tls_errors();
/// Throws std::runtime_error for a result that is not positive.
void tls_check(long result, char const* function);

/// The name of a relay, where endpoints have their UUIDs.
inline constexpr std::string_view relay_name = "relay";

/// Who is at the two ends of a connection, and what OpenSSL's callbacks need of it. Outlives its SSL.
struct TlsSession {
  using Lookup = std::function<std::optional<Secret>(std::string const& name)>;

  std::string client, server;      ///< names; the server learns the client's from a secret's identity
  std::optional<Secret> secret;    ///< client: the one to use
  Lookup const* lookup = nullptr;  ///< server: of a client
  std::string identity = {};       ///< what the client calls the secret
};

/// What all connections of an endpoint or a relay have in common. REQUIRES: outlives them
class Tls {
 public:
  /// `lookup` finds the secret of a client, if it has one; in the thread of the handshake. Throws ConfigError.
  Tls(Identity const& identity, std::string own_name, TlsSession::Lookup lookup);

  struct End {
    std::unique_ptr<TlsSession> session;
    SslPtr ssl;
  };
  /// To a server that has to be `name`; by the secret if there is one, else by certificates.
  End client(std::string const& name, std::optional<Secret> secret) const;
  End server() const;

 private:
  std::string const own_name_;
  TlsSession::Lookup const lookup_;
  SslContext with_secret_, client_, server_;  // client_ is null without certificates
};

/// After the handshake: the other side has proved to be `name`, and how. Throws Refused with the reason if not.
enum class Proof { secret, certificate };
Proof require_name(SSL& ssl, TlsSession const& session, std::string const& name);

}  // namespace proxystore::endpoint
