#pragma once

#include <hiredis/hiredis.h>

#include <proxystore/connectors/redis.hpp>

namespace proxystore::detail {

/// Throws ConfigError if this build has no TLS.
void require_tls();
/// Encrypts a connection. Returns what the hiredis function did.
int start_tls(redisContext& context, RedisOptions const& options);

}  // namespace proxystore::detail
