#include "tls.hpp"

#include <memory>
#include <mutex>

#include <proxystore/error.hpp>

#ifdef PROXYSTORE_REDIS_TLS
#include <hiredis/hiredis_ssl.h>

namespace proxystore::detail {
namespace {

constexpr char const* system_certificates = "/etc/ssl/certs";

struct Free {
  void operator()(redisSSLContext* context) const noexcept { redisFreeSSLContext(context); }
};

char const* or_null(std::string const& text) { return text.empty() ? nullptr : text.c_str(); }

}  // namespace

void require_tls() {}

int start_tls(redisContext& context, RedisOptions const& options) {
  static std::once_flag once;
  std::call_once(once, [] { redisInitOpenSSL(); });
  redisSSLContextError error = REDIS_SSL_CTX_NONE;
  std::unique_ptr<redisSSLContext, Free> const tls(
      redisCreateSSLContext(or_null(options.ca), options.ca.empty() ? system_certificates : nullptr,
                            or_null(options.cert), or_null(options.key), options.host.c_str(), &error));
  if (!tls)
    throw ConfigError(std::string("TLS cannot be set up (") + redisSSLContextGetError(error) +
                      ") check ca=, cert= and key=");
  return redisInitiateSSLWithContext(&context, tls.get());
}

}  // namespace proxystore::detail

#else

namespace proxystore::detail {

void require_tls() {
  throw ConfigError("this proxystore speaks no TLS to Redis (its hiredis has none) build it with hiredis 1.0 "
                    "and its SSL library");
}

int start_tls(redisContext&, RedisOptions const&) { require_tls(), throw; }

}  // namespace proxystore::detail

#endif
