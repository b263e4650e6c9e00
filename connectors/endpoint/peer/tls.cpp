#include "tls.hpp"

#include <array>
#include <memory>
#include <vector>

#include <sys/stat.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/x509v3.h>

#include <proxystore/error.hpp>

namespace proxystore::endpoint {
namespace {

/// Both with SHA-256, which the keys below are made for.
constexpr char const* ciphers = "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256";
constexpr std::array<unsigned char, 2> aes_128_gcm_sha256{0x13, 0x01};
constexpr std::string_view secret_label = "proxystore-peer/1";
/// OpenSSL reads this much at a time: several records with one system call.
constexpr std::size_t read_buffer = std::size_t{64} << 10U;

struct Free {
  void operator()(X509* certificate) const noexcept { X509_free(certificate); }
  void operator()(GENERAL_NAMES* names) const noexcept { GENERAL_NAMES_free(names); }
  void operator()(SSL_SESSION* session) const noexcept { SSL_SESSION_free(session); }
};

TlsSession& session_of(SSL* ssl) { return *static_cast<TlsSession*>(SSL_get_app_data(ssl)); }

// ---- a shared secret: an external PSK, always with an ephemeral key exchange

/// Says who is client and who is server, so that a key is good in one direction between two names only.
std::string secret_identity(std::string const& client, std::string const& server) {
  return std::string(secret_label) + ' ' + client + ' ' + server;
}

/// The client's name if `identity` is for `server`.
std::optional<std::string> client_of(std::string_view identity, std::string const& server) {
  auto const prefix = std::string(secret_label) + ' ', suffix = ' ' + server;
  if (identity.size() <= prefix.size() + suffix.size() || !identity.starts_with(prefix) || !identity.ends_with(suffix))
    return {};
  identity.remove_prefix(prefix.size());
  identity.remove_suffix(suffix.size());
  if (identity.find(' ') != identity.npos) return {};
  return std::string(identity);
}

SSL_SESSION* session_of_secret(SSL* ssl, Secret const& secret, std::string const& identity) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> key;
  unsigned int size = 0;
  auto const text = secret.text();
  if (!HMAC(EVP_sha256(), text.data(), static_cast<int>(text.size()),
            reinterpret_cast<unsigned char const*>(identity.data()), identity.size(), key.data(), &size))
    return nullptr;
  std::unique_ptr<SSL_SESSION, Free> session(SSL_SESSION_new());
  SSL_CIPHER const* const cipher = SSL_CIPHER_find(ssl, aes_128_gcm_sha256.data());
  bool const good = session && cipher && SSL_SESSION_set1_master_key(session.get(), key.data(), size) == 1 &&
                    SSL_SESSION_set_cipher(session.get(), cipher) == 1 &&
                    SSL_SESSION_set_protocol_version(session.get(), TLS1_3_VERSION) == 1;
  OPENSSL_cleanse(key.data(), key.size());
  return good ? session.release() : nullptr;
}

int use_secret(SSL* ssl, EVP_MD const* digest, unsigned char const** id, std::size_t* size, SSL_SESSION** result) {
  auto& session = session_of(ssl);
  *result = nullptr;
  if (!session.secret || (digest && EVP_MD_get_type(digest) != NID_sha256)) return 1;
  session.identity = secret_identity(session.client, session.server);
  *result = session_of_secret(ssl, *session.secret, session.identity);
  *id = reinterpret_cast<unsigned char const*>(session.identity.data());
  *size = session.identity.size();
  return *result ? 1 : 0;
}

int find_secret(SSL* ssl, unsigned char const* id, std::size_t size, SSL_SESSION** result) {
  auto& session = session_of(ssl);
  *result = nullptr;
  std::string const identity(reinterpret_cast<char const*>(id), size);
  auto const client = client_of(identity, session.server);
  if (!client) return 1;
  auto const secret = (*session.lookup)(*client);
  if (!secret) return 1;
  session.client = *client;
  *result = session_of_secret(ssl, *secret, identity);
  return *result ? 1 : 0;
}

// ---- contexts

SslContext new_context(SSL_METHOD const* method) {
  SslContext context(SSL_CTX_new(method));
  if (!context) throw std::bad_alloc();
  auto* const raw = context.get();
  tls_check(SSL_CTX_set_min_proto_version(raw, TLS1_3_VERSION), "SSL_CTX_set_min_proto_version");
  tls_check(SSL_CTX_set_ciphersuites(raw, ciphers), "SSL_CTX_set_ciphersuites");
  tls_check(SSL_CTX_set_num_tickets(raw, 0), "SSL_CTX_set_num_tickets");
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(raw, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_verify(raw, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_read_ahead(raw, 1);
  SSL_CTX_set_default_read_buffer_len(raw, read_buffer);
  return context;
}

void configure(int result, char const* what, std::filesystem::path const& path) {
  if (result == 1) return;
  throw ConfigError(std::string(what) + " cannot be used (" + path.string() + ": " + tls_errors() + ")");
}

void use_certificates(SSL_CTX* context, Certificates const& files) {
  struct stat status {};
  if (stat(files.key.c_str(), &status) == 0 && (status.st_mode & 07) != 0)
    throw ConfigError("the key in " + files.key.string() +
                      " is not secret (others may read or write the file) chmod 600");
  configure(SSL_CTX_load_verify_file(context, files.ca.c_str()), "the CA file", files.ca);
  configure(SSL_CTX_use_certificate_chain_file(context, files.certificate.c_str()), "the certificate",
            files.certificate);
  configure(SSL_CTX_use_PrivateKey_file(context, files.key.c_str(), SSL_FILETYPE_PEM), "the key", files.key);
  configure(SSL_CTX_check_private_key(context), "the key", files.key);
}

Tls::End new_end(SSL_CTX& context, TlsSession session) {
  Tls::End end{std::make_unique<TlsSession>(std::move(session)), SslPtr(SSL_new(&context))};
  if (!end.ssl) throw std::bad_alloc();
  SSL_set_app_data(end.ssl.get(), end.session.get());
  return end;
}

// ---- names in certificates

std::string_view text_of(ASN1_STRING const* string) {
  return {reinterpret_cast<char const*>(ASN1_STRING_get0_data(string)),
          static_cast<std::size_t>(ASN1_STRING_length(string))};
}

std::vector<std::string> uris_of(X509* certificate) {
  std::unique_ptr<GENERAL_NAMES, Free> const names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  std::vector<std::string> uris;
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    GENERAL_NAME const* const name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_URI) uris.emplace_back(text_of(name->d.uniformResourceIdentifier));
  }
  return uris;
}

std::string common_name_of(X509* certificate) {
  X509_NAME* const subject = X509_get_subject_name(certificate);
  int const at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0) return {};
  return std::string(text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at))));
}

bool names(X509* certificate, std::string const& name) {
  bool const relay = name == relay_name;
  auto const uris = uris_of(certificate);
  if (uris.empty()) return common_name_of(certificate) == (relay ? "proxystore-relay" : name);
  auto const wanted = relay ? std::string("urn:proxystore:relay") : "urn:uuid:" + name;
  for (auto const& uri : uris)
    if (uri == wanted) return true;
  return false;
}

}  // namespace

std::string tls_errors() {
  std::string text;
  while (auto const code = ERR_get_error()) {
    char const* const reason = ERR_reason_error_string(code);
    if (!text.empty()) text += ", ";
    text += reason ? std::string(reason) : "error " + std::to_string(code);
  }
  return text.empty() ? "no reason given" : text;
}

void tls_check(long result, char const* function) {
  if (result <= 0) throw std::runtime_error(std::string(function) + " failed (" + tls_errors() + ")");
}

Tls::Tls(Identity const& identity, std::string own_name, TlsSession::Lookup lookup)
    : own_name_(std::move(own_name)),
      lookup_(std::move(lookup)),
      with_secret_(new_context(TLS_client_method())),
      server_(new_context(TLS_server_method())) {
  SSL_CTX_set_psk_use_session_callback(with_secret_.get(), use_secret);
  SSL_CTX_set_psk_find_session_callback(server_.get(), find_secret);
  // What a secret makes is a session to OpenSSL, and a server's has a context.
  tls_check(SSL_CTX_set_session_id_context(server_.get(), reinterpret_cast<unsigned char const*>(secret_label.data()),
                                           secret_label.size()),
            "SSL_CTX_set_session_id_context");
  if (auto const* const files = std::get_if<Certificates>(&identity)) {
    client_ = new_context(TLS_client_method());
    use_certificates(client_.get(), *files);
    use_certificates(server_.get(), *files);
  }
}

Tls::End Tls::client(std::string const& name, std::optional<Secret> secret) const {
  if (!secret && !client_) throw Refused("no secret for " + name);
  auto& context = secret ? *with_secret_ : *client_;
  auto end = new_end(context, {.client = own_name_, .server = name, .secret = std::move(secret)});
  SSL_set_connect_state(end.ssl.get());
  return end;
}

Tls::End Tls::server() const {
  auto end = new_end(*server_, {.client = {}, .server = own_name_, .secret = {}, .lookup = &lookup_});
  SSL_set_accept_state(end.ssl.get());
  return end;
}

Proof require_name(SSL& ssl, TlsSession const& session, std::string const& name) {
  if (SSL_version(&ssl) != TLS1_3_VERSION) throw Refused("not TLS 1.3");
  bool const client = SSL_is_server(&ssl) == 0;
  if (SSL_session_reused(&ssl) == 1) {  // nothing but the secret makes a session that can be
    auto const& proved = client ? session.server : session.client;
    if (proved != name) throw Refused("it holds the secret of " + proved + ", and claims to be " + name);
    return Proof::secret;
  }
  if (client && session.secret) throw Refused("it does not know the secret");
  std::unique_ptr<X509, Free> const certificate(SSL_get1_peer_certificate(&ssl));
  if (!certificate || SSL_get_verify_result(&ssl) != X509_V_OK) throw Refused("it has no valid certificate");
  if (!names(certificate.get(), name)) throw Refused("its certificate does not name " + name);
  return Proof::certificate;
}

}  // namespace proxystore::endpoint
