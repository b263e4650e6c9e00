#include "connection.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <new>
#include <system_error>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>

#include <proxystore/error.hpp>

#include "tls.hpp"

namespace proxystore::detail {
namespace {

constexpr std::size_t long_argument = std::size_t{16} << 10U;  // from here on a copy costs more than an iovec
constexpr std::chrono::microseconds awake_for(50);  // is a server after an answer

timeval timeval_of(std::chrono::milliseconds time) {
  return {static_cast<time_t>(time.count() / 1000), static_cast<suseconds_t>(time.count() % 1000 * 1000)};
}

RedisContext connect(RedisOptions const& options) {
  auto const timeout = timeval_of(options.timeout);
  errno = 0;
  RedisContext context(options.transport == RedisTransport::unix_socket
                           ? redisConnectUnixWithTimeout(options.path.c_str(), timeout)
                           : redisConnectWithTimeout(options.host.c_str(), options.port, timeout));
  if (!context) throw std::bad_alloc();
  return context;
}

std::string password_of(RedisOptions const& options) {
  if (options.password_env.empty()) return options.password;
  char const* const value = std::getenv(options.password_env.c_str());
  if (!value)
    throw ConfigError("the Redis password is missing (password_env=" + options.password_env +
                      ", which the environment has not) set it in each process that opens the store");
  return value;
}

/// A broken connection must not end the process: what writes inside hiredis raises SIGPIPE.
class NoSigpipe {
 public:
  NoSigpipe() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~NoSigpipe() {
    timespec const now{};
    if (!was_pending_) sigtimedwait(&pipe_, nullptr, &now);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  NoSigpipe(NoSigpipe const&) = delete;
  NoSigpipe& operator=(NoSigpipe const&) = delete;

 private:
  sigset_t pipe_, before_;
  bool was_pending_;
};

/// Drops what was sent from the front of `parts`.
void advance(std::span<iovec>& parts, std::size_t sent) {
  while (!parts.empty() && sent >= parts.front().iov_len) {
    sent -= parts.front().iov_len;
    parts = parts.subspan(1);
  }
  if (sent == 0) return;
  parts.front().iov_base = static_cast<char*>(parts.front().iov_base) + sent;
  parts.front().iov_len -= sent;
}

iovec iovec_of(std::string_view text) { return {const_cast<char*>(text.data()), text.size()}; }

}  // namespace

std::string server_name(RedisOptions const& options) {
  if (options.transport == RedisTransport::unix_socket) return "redis server at " + options.path;
  return "redis server " + options.host + ":" + std::to_string(options.port);
}

Bytes bytes_of(RedisReply reply) {
  auto const bytes = std::as_bytes(std::span(reply->str, reply->len));
  if (bytes.size() <= Bytes::inline_capacity) return Bytes::copy_of(bytes);
  return {bytes, std::shared_ptr<redisReply>(std::move(reply))};
}

RedisConnection::RedisConnection(RedisOptions const& options)
    : server_(server_name(options)),
      context_(connect(options)),
      encrypted_(options.transport == RedisTransport::tls),
      timeout_(options.timeout) {
  redis_check(*context_, context_->err == 0 ? REDIS_OK : REDIS_ERR, server_);
  fcntl(context_->fd, F_SETFD, FD_CLOEXEC);
  redis_check(*context_, redisSetTimeout(context_.get(), timeval_of(timeout_)), server_);
  if (options.transport != RedisTransport::unix_socket) redisEnableKeepAlive(context_.get());
  if (encrypted_) redis_check(*context_, start_tls(*context_, options), server_);
  introduce(options);
}

void RedisConnection::introduce(RedisOptions const& options) {
  auto const password = password_of(options);
  if (!password.empty()) {
    if (options.user.empty()) append({"AUTH", password});
    else append({"AUTH", options.user, password});
    auto const reply = next();
    // A server's text may quote the command: only its code goes on.
    if (reply->type == REDIS_REPLY_ERROR)
      throw ConnectorError(server_ + " refused user and password (" +
                           std::string(text_of(*reply).substr(0, text_of(*reply).find(' '))) + ") check them");
  }
  if (options.database == 0) command({"PING"});
  else command({"SELECT", std::to_string(options.database)});
}

void RedisConnection::append(std::span<std::string_view const> arguments) {
  text_ += '*' + std::to_string(arguments.size()) + "\r\n";
  for (auto const argument : arguments) {
    text_ += '$' + std::to_string(argument.size()) + "\r\n";
    if (argument.size() < long_argument) text_ += argument;
    else long_.push_back({text_.size(), argument});
    text_ += "\r\n";
  }
  ++due_;
}

void RedisConnection::flush() {
  if (text_.empty()) return;
  if (encrypted_) return flush_encrypted();
  std::vector<iovec> all;
  std::size_t done = 0;
  for (auto const& [at, argument] : long_) {
    all.push_back(iovec_of(std::string_view(text_).substr(done, at - done)));
    all.push_back(iovec_of(argument));
    done = at;
  }
  all.push_back(iovec_of(std::string_view(text_).substr(done)));
  for (std::span<iovec> rest(all); !rest.empty();) {
    msghdr message{};
    message.msg_iov = rest.data();
    message.msg_iovlen = std::min<std::size_t>(rest.size(), 64);
    auto const sent = sendmsg(context_->fd, &message, MSG_NOSIGNAL);
    if (sent >= 0) advance(rest, static_cast<std::size_t>(sent));
    else if (errno != EINTR) lost_while_sending(errno);
  }
  text_.clear();
  long_.clear();
}

void RedisConnection::flush_encrypted() {
  NoSigpipe const quiet;
  std::size_t done = 0;
  auto const hand_over = [&](std::string_view text) {
    redis_check(*context_, redisAppendFormattedCommand(context_.get(), text.data(), text.size()), server_);
  };
  for (auto const& [at, argument] : long_) {
    hand_over(std::string_view(text_).substr(done, at - done));
    hand_over(argument);
    done = at;
  }
  hand_over(std::string_view(text_).substr(done));
  for (int all = 0; all == 0;) redis_check(*context_, redisBufferWrite(context_.get(), &all), server_);
  text_.clear();
  long_.clear();
}

/// A server that closes has perhaps said why.
void RedisConnection::lost_while_sending(int cause) {
  if (cause == EAGAIN) throw RedisLost(server_ + " takes no data (see timeout=)", RedisLost::Why::timed_out);
  void* last_words = nullptr;
  if (redisGetReply(context_.get(), &last_words) == REDIS_OK)
    redis_check(*RedisReply(static_cast<redisReply*>(last_words)), server_);
  throw RedisLost("no connection to " + server_ + " (" + std::generic_category().message(cause) + ")",
                  RedisLost::Why::broken);
}

/// A server that is awake answers sooner than a thread that sleeps wakes. (One that sleeps is woken sooner on the core
/// of a thread that sleeps.)
void RedisConnection::look_out() const {
  auto const begin = Clock::now();
  if (begin - heard_ > awake_for) return;
  for (char next = 0; Clock::now() - begin < awake_for; std::this_thread::yield())
    if (recv(context_->fd, &next, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 || errno != EAGAIN) return;
}

RedisReply RedisConnection::next() {
  flush();
  void* reply = nullptr;
  errno = 0;
  redis_check(*context_, redisGetReplyFromReader(context_.get(), &reply), server_);
  if (!reply) {
    look_out();
    errno = 0;
    redis_check(*context_, redisGetReply(context_.get(), &reply), server_);
    heard_ = Clock::now();
  }
  --due_;
  return RedisReply(static_cast<redisReply*>(reply));
}

RedisReply RedisConnection::receive() {
  auto reply = next();
  check(*reply);
  return reply;
}

void RedisConnection::check(redisReply const& reply) {
  try {
    redis_check(reply, server_);
  } catch (StoreFull const&) {
    if (!at_rest()) throw;
    throw_full();
  }
}

RedisReply RedisConnection::command(std::initializer_list<std::string_view> arguments) {
  append(arguments);
  return receive();
}

RedisReply RedisConnection::run(RedisScript const& script, std::size_t keys,
                                std::span<std::string_view const> arguments) {
  auto const count = std::to_string(keys);
  std::vector<std::string_view> words{"EVALSHA", script.sha1, count};
  words.insert(words.end(), arguments.begin(), arguments.end());
  append(words);
  auto reply = next();
  if (reply->type == REDIS_REPLY_ERROR && text_of(*reply).starts_with("NOSCRIPT")) {
    words[0] = "EVAL";
    words[1] = script.text;
    append(words);
    reply = next();
  }
  check(*reply);
  return reply;
}

void RedisConnection::throw_full() {
  auto const info = command({"INFO", "memory"});
  auto const value = [&](std::string_view name) {
    auto const text = text_of(*info);
    auto const at = text.find(std::string(name) + ':');
    if (at == text.npos) return std::string("unknown");
    auto const begin = at + name.size() + 1;
    return std::string(text.substr(begin, text.find('\r', begin) - begin));
  };
  throw StoreFull(server_ + " is full (capacity " + value("maxmemory") + " bytes, in use " + value("used_memory") +
                  ") evict objects, or raise its maxmemory");
}

RedisReply RedisConnection::received() {
  void* reply = nullptr;
  redis_check(*context_, redisGetReplyFromReader(context_.get(), &reply), server_);
  return RedisReply(static_cast<redisReply*>(reply));
}

void RedisConnection::read() {
  errno = 0;
  redis_check(*context_, redisBufferRead(context_.get()), server_);
}

void RedisConnection::limit(std::chrono::milliseconds timeout) {
  if (timeout == timeout_) return;
  redis_check(*context_, redisSetTimeout(context_.get(), timeval_of(timeout)), server_);
  timeout_ = timeout;
}

}  // namespace proxystore::detail
