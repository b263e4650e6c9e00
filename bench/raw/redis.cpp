#include "redis.hpp"

#include <cstdio>
#include <cstdlib>

namespace raw {

Redis::Redis(int port) : context_(redisConnect("127.0.0.1", port)) {}

Redis::Reply Redis::checked(void* reply) {
  Reply owned(static_cast<redisReply*>(reply));
  if (owned && owned->type != REDIS_REPLY_ERROR && owned->type != REDIS_REPLY_NIL) return owned;
  std::fprintf(stderr, "hiredis: %s\n", owned && owned->str ? owned->str : "no reply");
  std::exit(1);
}

Redis::Reply Redis::next() {
  void* reply = nullptr;
  redisGetReply(context_.get(), &reply);
  return checked(reply);
}

void Redis::set(std::string const& key, std::string const& object) {
  checked(redisCommand(context_.get(), "SET %b %b", key.data(), key.size(), object.data(), object.size()));
}
void Redis::set_new(std::string const& key, std::string const& object) {
  checked(redisCommand(context_.get(), "SET %b %b NX", key.data(), key.size(), object.data(), object.size()));
}
std::size_t Redis::get(std::string const& key) {
  return static_cast<std::size_t>(checked(redisCommand(context_.get(), "GET %b", key.data(), key.size()))->len);
}
void Redis::push(std::string const& list, std::string const& object) {
  checked(redisCommand(context_.get(), "LPUSH %s %b", list.c_str(), object.data(), object.size()));
}
void Redis::pop(std::string const& list) { checked(redisCommand(context_.get(), "BLPOP %s 0", list.c_str())); }

void Redis::set_all(std::vector<std::string> const& keys, std::string const& object) {
  for (auto const& key : keys)
    redisAppendCommand(context_.get(), "SET %b %b", key.data(), key.size(), object.data(), object.size());
  for (std::size_t i = 0; i < keys.size(); ++i) next();
}
std::size_t Redis::get_all(std::vector<std::string> const& keys) {
  std::size_t bytes = 0;
  for (auto const& key : keys) redisAppendCommand(context_.get(), "GET %b", key.data(), key.size());
  for (std::size_t i = 0; i < keys.size(); ++i) bytes += static_cast<std::size_t>(next()->len);
  return bytes;
}
void Redis::remove(std::vector<std::string> const& keys) {
  for (auto const& key : keys) redisAppendCommand(context_.get(), "DEL %b", key.data(), key.size());
  for (std::size_t i = 0; i < keys.size(); ++i) next();
}

}  // namespace raw
