#pragma once

#include <chrono>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <proxystore/buffer.hpp>
#include <proxystore/connectors/redis.hpp>

#include "check.hpp"

namespace proxystore::detail {

/// "redis server host:6379", without user or password.
std::string server_name(RedisOptions const& options);

inline std::string_view text_of(redisReply const& reply) noexcept { return {reply.str, reply.len}; }
/// The string of a reply, in its memory unless it is short.
Bytes bytes_of(RedisReply reply);

struct RedisScript {
  std::string_view text;
  std::string_view sha1;  ///< of the text, in hexadecimal: the server knows it by that name once it has run it
};

/// One connection, authenticated and on its database. For one thread at a time. All may throw RedisLost.
class RedisConnection {
 public:
  explicit RedisConnection(RedisOptions const& options);

  /// Adds a command to those that go out together. Long arguments are not copied: they stay until receive().
  void append(std::span<std::string_view const> arguments);
  void append(std::initializer_list<std::string_view> arguments) { append({arguments.begin(), arguments.size()}); }
  void flush();
  /// The next reply. Throws what an error reply means.
  RedisReply receive();
  RedisReply command(std::initializer_list<std::string_view> arguments);
  /// Runs a script on keys and arguments, `arguments` without their count.
  RedisReply run(RedisScript const& script, std::size_t keys, std::span<std::string_view const> arguments);

  /// A reply that has come already, without an error to be thrown; null if there is none.
  RedisReply received();
  /// Reads what is there. REQUIRES: descriptor() is readable
  void read();
  int descriptor() const noexcept { return context_->fd; }

  /// How long the next operations may go without progress.
  void limit(std::chrono::milliseconds timeout);
  /// False while replies are due: such a connection can only be closed.
  bool at_rest() const noexcept { return due_ == 0; }
  std::string const& server() const noexcept { return server_; }

 private:
  using Clock = std::chrono::steady_clock;
  struct Long {
    std::size_t at;  // in text_
    std::string_view argument;
  };

  void introduce(RedisOptions const& options);
  void flush_encrypted();
  [[noreturn]] void lost_while_sending(int cause);
  [[noreturn]] void throw_full();
  void check(redisReply const& reply);
  void look_out() const;
  RedisReply next();

  std::string server_;
  RedisContext context_;
  bool encrypted_;
  std::chrono::milliseconds timeout_;
  std::string text_;        // commands to be sent, without
  std::vector<Long> long_;  // these arguments
  std::size_t due_ = 0;     // replies
  Clock::time_point heard_;  // the last time that one was waited for
};

}  // namespace proxystore::detail
