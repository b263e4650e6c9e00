#include "objects.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <utility>
#include <vector>

#include <proxystore/error.hpp>

#include "listener.hpp"

namespace proxystore::detail {
namespace {

constexpr std::string_view tag = "SP\n";
constexpr std::size_t most_parts = 65536;
constexpr std::size_t smallest_limit = std::size_t{1} << 20U;  // of proto-max-bulk-len, says Redis
constexpr std::string_view stage_time = "3600000";  // ms; then the parts of a set that broke off are forgotten

// Answers are Outcomes. KEYS: key, marker, staged parts. ARGV: manifest, or nothing if the only part is the object;
// expiry in ms or 0.
constexpr RedisScript commit_script{R"(
local outcome = 0
if redis.call('EXISTS', KEYS[1]) == 1 then outcome = 1
elseif redis.call('EXISTS', KEYS[2]) == 1 then outcome = 2 end
if outcome ~= 0 then
  for i = 3, #KEYS do redis.call('UNLINK', KEYS[i]) end
  return outcome
end
local first = 3
if ARGV[1] == '' then redis.call('RENAME', KEYS[3], KEYS[1]); first = 4
else redis.call('SET', KEYS[1], ARGV[1]) end
local function keep(key)
  if ARGV[2] == '0' then redis.call('PERSIST', key) else redis.call('PEXPIRE', key, ARGV[2]) end
end
redis.call('SET', KEYS[2], '')
keep(KEYS[1])
keep(KEYS[2])
for i = first, #KEYS do keep(KEYS[i]) end
return 0)",
    "553443d86d6db1decbd794336f4cb0f6e494aae9"};

// KEYS: key, marker. ARGV: for how many ms the marker stays, or 0. A full server lets it be written, since
// something was deleted before.
constexpr RedisScript evict_script{R"(
local id, parts = string.match(redis.call('GETRANGE', KEYS[1], 0, 127), '^SP\n(%S+) (%d+) %d+\n$')
redis.call('UNLINK', KEYS[1])
if id then
  for i = 0, math.min(tonumber(parts), 65536) - 1 do redis.call('UNLINK', '{' .. KEYS[1] .. '}:' .. id .. ':' .. i) end
end
if ARGV[1] ~= '0' then redis.call('SET', KEYS[2], '', 'PX', ARGV[1]) else redis.call('UNLINK', KEYS[2]) end
return 0)",
    "bcc6d3d03b6c974e0278d7d3ff27704a433a8e93"};

std::string_view text_of(std::span<std::byte const> bytes) {
  return {reinterpret_cast<char const*>(bytes.data()), bytes.size()};
}

std::string part_key(std::string_view key, std::string_view id, std::size_t part) {
  return std::string("{").append(key).append("}:").append(id) + ':' + std::to_string(part);
}

Outcome outcome_of(RedisReply const& reply, std::string const& server) {
  if (reply->type != REDIS_REPLY_INTEGER) redis_unexpected(*reply, server);
  return static_cast<Outcome>(reply->integer);
}

bool number(std::string_view& text, char end, std::size_t& value) {
  auto const [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || rest == text.data() + text.size() || *rest != end) return false;
  text.remove_prefix(static_cast<std::size_t>(rest - text.data()) + 1);
  return true;
}

}  // namespace

std::string Manifest::to_string() const {
  return std::string(tag) + id + ' ' + std::to_string(parts) + ' ' + std::to_string(size) + '\n';
}

std::optional<Manifest> Manifest::read(std::string_view value) {
  if (!value.starts_with(tag)) return std::nullopt;
  auto rest = value.substr(tag.size());
  Manifest manifest;
  auto const space = std::min(rest.find(' '), rest.size());
  manifest.id = rest.substr(0, space);
  rest.remove_prefix(std::min(space + 1, rest.size()));
  if (number(rest, ' ', manifest.parts) && number(rest, '\n', manifest.size) && rest.empty() &&
      manifest.parts <= most_parts)
    return manifest;
  throw CorruptObject("an object in parts has a malformed manifest (it was not written by this connector)");
}

RedisObjects::RedisObjects(RedisOptions const& options)
    : options_(options),
      expiry_(std::to_string(options.expiry.count())),
      remember_(std::to_string(options.remember.count())) {}

bool RedisObjects::is_plain(std::span<std::byte const> object) const {
  return object.size() <= std::min(options_.part_size, smallest_limit) && !text_of(object).starts_with(tag);
}

void RedisObjects::append_put(RedisConnection& to, std::string_view key, std::span<std::byte const> object) const {
  if (options_.expiry.count() == 0) to.append({"SET", key, text_of(object)});
  else to.append({"SET", key, text_of(object), "PX", expiry_});
}

Outcome RedisObjects::set(RedisConnection& to, std::string_view key, std::span<std::byte const> object) const {
  if (!is_plain(object)) return stage_and_commit(to, key, object);
  auto const marker = marker_of(key);
  if (to.command({"MSETNX", key, text_of(object), marker, ""})->integer == 0)
    return to.command({"EXISTS", key})->integer != 0 ? Outcome::already_set : Outcome::evicted;
  if (options_.expiry.count() == 0) return Outcome::done;
  for (auto const name : {key, std::string_view(marker)}) to.append({"PEXPIRE", name, expiry_});
  to.receive();
  to.receive();
  return Outcome::done;
}

Outcome RedisObjects::stage_and_commit(RedisConnection& to, std::string_view key,
                                       std::span<std::byte const> object) const {
  auto const part = part_size(to);
  Manifest const manifest{make_uuid_key().text(), std::max<std::size_t>((object.size() + part - 1) / part, 1),
                          object.size()};
  if (manifest.parts > most_parts)
    throw StoreFull("an object of " + std::to_string(object.size()) + " bytes is too large (" +
                    std::to_string(most_parts) + " parts of " + std::to_string(part) + " bytes) raise part_size=");
  bool const whole = manifest.parts == 1 && !text_of(object).starts_with(tag);
  std::vector<std::string> parts;
  try {
    for (std::size_t at = 0; parts.size() < manifest.parts; at += part) {
      parts.push_back(part_key(key, manifest.id, parts.size()));
      auto const piece = object.subspan(at, std::min(part, object.size() - at));
      to.command({"SET", parts.back(), text_of(piece), "PX", stage_time});
    }
    auto const marker = marker_of(key), content = whole ? std::string() : manifest.to_string();
    std::vector<std::string_view> arguments{key, marker};
    arguments.insert(arguments.end(), parts.begin(), parts.end());
    arguments.insert(arguments.end(), {content, expiry_});
    return outcome_of(to.run(commit_script, 2 + parts.size(), arguments), to.server());
  } catch (StoreFull const&) {
    for (auto const& name : parts) to.command({"UNLINK", name});
    throw;
  }
}

/// The least of what the options and the server allow. The server may not tell.
std::size_t RedisObjects::part_size(RedisConnection& of) const {
  if (auto const known = part_size_.load()) return known;
  auto limit = options_.part_size;
  try {
    auto const reply = of.command({"CONFIG", "GET", "proto-max-bulk-len"});
    std::size_t bytes = 0;
    if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 2) {
      auto const text = detail::text_of(*reply->element[1]);
      std::from_chars(text.data(), text.data() + text.size(), bytes);
      if (bytes >= smallest_limit) limit = std::min(limit, bytes);
    }
  } catch (ConnectorError const&) {  // CONFIG is not for everybody
  }
  part_size_ = limit;
  return limit;
}

void RedisObjects::evict(RedisConnection& from, std::string_view key) const {
  auto const marker = marker_of(key);
  std::string_view const arguments[] = {key, marker, remember_};
  from.run(evict_script, 2, arguments);
}

std::optional<Bytes> RedisObjects::get(RedisConnection& from, std::string_view key) const {
  return object_of(from, key, from.command({"GET", key}));
}

bool RedisObjects::is_in_parts(redisReply const& reply) {
  return reply.type == REDIS_REPLY_STRING && detail::text_of(reply).starts_with(tag);
}

std::optional<Bytes> RedisObjects::object_of(RedisConnection& from, std::string_view key, RedisReply reply) const {
  if (reply->type == REDIS_REPLY_NIL) return std::nullopt;
  if (reply->type != REDIS_REPLY_STRING) redis_unexpected(*reply, from.server());
  auto const manifest = Manifest::read(detail::text_of(*reply));
  return manifest ? assemble(from, key, *manifest) : bytes_of(std::move(reply));
}

/// What the parts have is asked before memory is taken for it.
std::optional<Bytes> RedisObjects::assemble(RedisConnection& from, std::string_view key,
                                            Manifest const& manifest) const {
  std::size_t total = 0;
  for (std::size_t i = 0; i < manifest.parts; ++i)
    total += static_cast<std::size_t>(from.command({"STRLEN", part_key(key, manifest.id, i)})->integer);
  if (total == manifest.size) {
    Buffer object(total);
    std::size_t at = 0;
    for (std::size_t i = 0; i < manifest.parts; ++i) {
      auto const part = from.command({"GET", part_key(key, manifest.id, i)});
      if (part->type != REDIS_REPLY_STRING || part->len > total - at) break;
      std::memcpy(object.data() + at, part->str, part->len);
      at += part->len;
    }
    if (at == total) return std::move(object).freeze();
  }
  if (from.command({"EXISTS", key})->integer == 0) return std::nullopt;  // evicted meanwhile
  throw CorruptObject("the object under key '" + std::string(key) + "' lacks some of its " +
                      std::to_string(manifest.parts) + " parts (they were deleted, or expired)");
}

}  // namespace proxystore::detail
