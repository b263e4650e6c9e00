#include "check.hpp"

#include <array>
#include <cerrno>
#include <string_view>

#include <proxystore/error.hpp>

namespace proxystore::detail {
namespace {

struct Advice {
  std::string_view code, text;
};

/// What to do about the errors that a server begins with these codes.
constexpr std::array<Advice, 7> advices{{
    {"NOAUTH", "give password= or password_env= in the connector text"},
    {"WRONGPASS", "check user= and password= (or the variable that password_env= names)"},
    {"NOPERM", "let the user's ACL have +@read +@write +@scripting +@connection +@pubsub +info ~* &*"},
    {"WRONGTYPE", "the key belongs to another program; use another database or a prefix="},
    {"READONLY", "connect to the primary, this is a replica"},
    {"MISCONF", "the server cannot save to its disk; see its log"},
    {"EXECABORT", "try again"},
}};

std::string advice(std::string_view error) {
  for (auto const& [code, text] : advices)
    if (error.starts_with(code)) return " " + std::string(text);
  return {};
}

}  // namespace

void redis_check(redisContext const& context, int status, std::string const& server) {
  if (status == REDIS_OK) return;
  int const cause = errno;
  using Why = RedisLost::Why;
  if (context.err == REDIS_ERR_PROTOCOL)
    throw RedisLost(server + " does not speak the Redis protocol (" + context.errstr + ") check host and port",
                    Why::timed_out);
  bool const late = context.err != REDIS_ERR_EOF && (cause == EAGAIN || cause == ETIMEDOUT || cause == EINPROGRESS);
  if (late) throw RedisLost(server + " did not answer in time (see timeout=)", Why::timed_out);
  throw RedisLost("no connection to " + server + " (" + context.errstr + ")", Why::broken);
}

void redis_check(redisReply const& reply, std::string const& server) {
  if (reply.type != REDIS_REPLY_ERROR) return;
  std::string_view const error(reply.str, reply.len);
  for (auto const* passing : {"LOADING", "BUSY ", "MASTERDOWN", "TRYAGAIN", "CLUSTERDOWN"})
    if (error.starts_with(passing))
      throw RedisLost(server + " is not ready (" + std::string(error) + ")", RedisLost::Why::broken);
  if (error.starts_with("OOM") || error.find("-OOM ") != error.npos)
    throw StoreFull(server + " is full (" + std::string(error) + ") evict objects, or raise its maxmemory");
  throw ConnectorError(server + " refused (" + std::string(error) + ")" + advice(error));
}

void redis_unexpected(redisReply const& reply, std::string const& server) {
  throw ConnectorError(server + " answered with a reply of type " + std::to_string(reply.type) +
                       " (it is no Redis server, or a key holds another type)");
}

}  // namespace proxystore::detail
