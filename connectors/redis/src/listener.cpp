#include "listener.hpp"

#include <algorithm>

#include <proxystore/error.hpp>

namespace proxystore::detail {
namespace {

constexpr std::string_view invalidations = "__redis__:invalidate";  // https://redis.io/docs/manual/client-side-caching
constexpr std::string_view once = "}:once";
constexpr std::size_t window = 256;  // keys asked for in one go

}  // namespace

std::string marker_of(std::string_view key) { return std::string("{").append(key).append(once); }

RedisListener::RedisListener(RedisOptions const& options)
    : asker_(options), subscriber_(options), pushed_(subscribe()) {}

bool RedisListener::subscribe() {
  try {
    auto const id = std::to_string(subscriber_.command({"CLIENT", "ID"})->integer);
    subscriber_.command({"SUBSCRIBE", invalidations});
    asker_.command({"CLIENT", "TRACKING", "ON", "REDIRECT", id});
    return true;
  } catch (ConnectorError const&) {  // no such command, or not allowed
    return false;
  }
}

std::vector<std::string> RedisListener::watch(std::span<std::string const> keys) {
  std::vector<std::string> settled;
  for (; !keys.empty(); keys = keys.subspan(std::min(window, keys.size()))) {
    auto const some = keys.first(std::min(window, keys.size()));
    for (auto const& key : some) {
      asker_.append({"EXISTS", key});
      asker_.append({"EXISTS", marker_of(key)});
    }
    for (auto const& key : some) {
      bool const there = asker_.receive()->integer != 0;
      bool const evicted = asker_.receive()->integer != 0;
      if (there || evicted) settled.push_back(key);
    }
  }
  return settled;
}

std::vector<std::string> RedisListener::read() {
  std::vector<std::string> changed;
  subscriber_.read();
  while (auto const reply = subscriber_.received()) take(*reply, changed);
  heard_ = true;
  return changed;
}

void RedisListener::take(redisReply const& reply, std::vector<std::string>& changed) const {
  redis_check(reply, subscriber_.server());
  auto const is = [](redisReply const* element, int type) { return element && element->type == type; };
  if (reply.type != REDIS_REPLY_ARRAY || reply.elements != 3 || !is(reply.element[0], REDIS_REPLY_STRING) ||
      text_of(*reply.element[0]) != "message")
    return;  // an answer to PING
  if (!is(reply.element[2], REDIS_REPLY_ARRAY)) return changed.emplace_back(), void();  // FLUSHALL
  for (auto const* key : std::span(reply.element[2]->element, reply.element[2]->elements)) {
    if (!is(key, REDIS_REPLY_STRING)) continue;
    auto name = text_of(*key);
    if (name.starts_with('{') && name.ends_with(once)) name = name.substr(1, name.size() - 1 - once.size());
    changed.emplace_back(name);
  }
}

void RedisListener::limit(std::chrono::milliseconds timeout) {
  asker_.limit(timeout);
  subscriber_.limit(timeout);
}

void RedisListener::beat() {
  asker_.command({"PING"});
  if (!pushed_) return;
  if (!heard_) throw RedisLost(subscriber_.server() + " does not answer", RedisLost::Why::timed_out);
  heard_ = false;
  subscriber_.append({"PING"});
  subscriber_.flush();
}

}  // namespace proxystore::detail
