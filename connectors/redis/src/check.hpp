/// The one place where it is judged whether a call of hiredis, or a command, went well.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>

#include <hiredis/hiredis.h>

namespace proxystore::detail {

struct RedisFree {
  void operator()(redisContext* context) const noexcept { redisFree(context); }
  void operator()(redisReply* reply) const noexcept { freeReplyObject(reply); }
};
using RedisContext = std::unique_ptr<redisContext, RedisFree>;
using RedisReply = std::unique_ptr<redisReply, RedisFree>;

/// The connection is of no more use, or there is none. Stays inside: callers of the connector see a ConnectorError.
class RedisLost final : public std::runtime_error {
 public:
  enum class Why { broken, timed_out };
  RedisLost(std::string const& text, Why why) : std::runtime_error(text), why_(why) {}
  /// The server is there but does not answer: trying again at once would only double the time.
  bool timed_out() const noexcept { return why_ == Why::timed_out; }

 private:
  Why why_;
};

/// Throws RedisLost unless `status` is REDIS_OK. REQUIRES: errno is still that of the call
void redis_check(redisContext const& context, int status, std::string const& server);

/// Throws what an error reply means: RedisLost while a server is starting, StoreFull, else ConnectorError.
void redis_check(redisReply const& reply, std::string const& server);

/// The error of a reply of an unforeseen type.
[[noreturn]] void redis_unexpected(redisReply const& reply, std::string const& server);

}  // namespace proxystore::detail
