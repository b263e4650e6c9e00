#include <proxystore/connectors/redis.hpp>

#include <algorithm>
#include <utility>

#include <proxystore/error.hpp>

#include "objects.hpp"
#include "pool.hpp"
#include "tls.hpp"
#include "watch.hpp"

namespace proxystore {

using namespace detail;

namespace {

constexpr std::chrono::milliseconds shortest_look(200);  // a look at a healthy server takes less than 1 ms
constexpr std::size_t window = 64;                       // objects put in one go
constexpr std::size_t first_gets = 128, most_gets = 256, least_gets = 16;  // under way at a time
constexpr std::size_t bytes_of_gets = std::size_t{64} << 20U;              // of all that are under way, about

void validate(RedisOptions const& options) {
  if (options.transport == RedisTransport::tls) require_tls();
  if (options.transport == RedisTransport::unix_socket && options.path.empty())
    throw ConfigError("a redis+unix connector needs a path; write redis+unix:///path/of/socket");
  if (options.port < 1 || options.port > 65535 || options.database < 0 || options.connections < 1 ||
      options.part_size < 1024 || options.timeout.count() < 1 || options.poll.count() < 1 ||
      options.expiry.count() < 0 || options.remember.count() < 0)
    throw ConfigError("a redis connector has an option out of range (port 1-65535, database from 0, connections from "
                      "1, part_size from 1KiB, timeout and poll from 1ms) correct it");
}

}  // namespace

struct RedisConnector::Inside {
  explicit Inside(RedisOptions const& options) : objects(options), pool(options), watch(options) {}
  RedisObjects objects;
  RedisPool pool;
  RedisWatch watch;
};

RedisConnector::RedisConnector(RedisOptions options) : options_(std::move(options)) {
  validate(options_);
  try {
    inside_ = std::make_unique<Inside>(options_);
  } catch (RedisLost const& lost) {
    throw ConnectorError(lost.what());
  }
}

RedisConnector::~RedisConnector() = default;

void RedisConnector::ensure_open() const {
  if (closed_) throw StoreClosed("the redis connector is closed");
}

template <class Operation>
auto RedisConnector::run(Operation const& operation) const {
  try {
    return inside_->pool.run(options_.timeout, options_.reconnect, operation);
  } catch (RedisLost const& lost) {
    throw ConnectorError(lost.what());
  }
}

Key RedisConnector::new_key(KeyHint const&) {
  ensure_open();
  return make_uuid_key();
}

Key RedisConnector::put(Buffer object) {
  Key key = make_uuid_key();
  if (!inside_->objects.is_plain(object.span())) {
    set(key, std::move(object));
    return key;
  }
  run([&, name = full(key)](RedisConnection& server) {
    inside_->objects.append_put(server, name, object.span());
    server.receive();
  });
  return key;
}

std::vector<Key> RedisConnector::put_batch(std::vector<Buffer> objects) {
  ensure_open();
  std::vector<Key> keys(objects.size());
  std::vector<std::size_t> plain;
  for (std::size_t i = 0; i < objects.size(); ++i) {
    if (inside_->objects.is_plain(objects[i].span())) plain.push_back(i);
    else keys[i] = put(std::move(objects[i]));
  }
  for (std::span<std::size_t const> rest(plain); !rest.empty(); rest = rest.subspan(std::min(window, rest.size()))) {
    auto const some = rest.first(std::min(window, rest.size()));
    for (auto const i : some) keys[i] = make_uuid_key();
    run([&](RedisConnection& server) {
      for (auto const i : some) inside_->objects.append_put(server, full(keys[i]), objects[i].span());
      for (std::size_t i = 0; i < some.size(); ++i) server.receive();
    });
  }
  return keys;
}

std::optional<Bytes> RedisConnector::get(Key const& key) {
  return run([&, name = full(key)](RedisConnection& server) { return inside_->objects.get(server, name); });
}

/// Has requests under way all the time, so that the server does not fall asleep, and no more than it can well keep the
/// answers of.
std::vector<std::optional<Bytes>> RedisConnector::get_batch(std::vector<Key> const& keys) {
  ensure_open();
  if (keys.empty()) return {};
  auto const& objects = inside_->objects;
  return run([&](RedisConnection& server) {
    std::vector<std::optional<Bytes>> found(keys.size());
    std::vector<std::pair<std::size_t, RedisReply>> in_parts;  // asked for when no other answer is due
    std::size_t asked = 0, under_way = first_gets, largest = 1;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (asked - i <= under_way / 2)
        for (auto const end = std::min(i + under_way, keys.size()); asked < end; ++asked)
          server.append({"GET", full(keys[asked])});
      auto reply = server.receive();
      largest = std::max(largest, reply->len);
      under_way = std::clamp(bytes_of_gets / largest, least_gets, most_gets);
      if (objects.is_in_parts(*reply)) in_parts.emplace_back(i, std::move(reply));
      else found[i] = objects.object_of(server, {}, std::move(reply));
    }
    for (auto& [i, reply] : in_parts) found[i] = objects.object_of(server, full(keys[i]), std::move(reply));
    return found;
  });
}

bool RedisConnector::exists(Key const& key) {
  return run([&](RedisConnection& server) { return server.command({"EXISTS", full(key)})->integer != 0; });
}

void RedisConnector::evict(Key const& key) {
  run([&](RedisConnection& server) { inside_->objects.evict(server, full(key)); });
}

void RedisConnector::set(Key const& key, Buffer object) {
  bool again = false;  // the answer to the first attempt was lost: the object found there may be this one
  auto const outcome = run([&, name = full(key)](RedisConnection& server) {
    bool const repeated = std::exchange(again, true);
    auto const result = inside_->objects.set(server, name, object.span());
    if (result != Outcome::already_set || !repeated) return result;
    auto const there = inside_->objects.get(server, name);
    return there && std::ranges::equal(there->span(), object.span()) ? Outcome::done : result;
  });
  if (outcome == Outcome::evicted)
    throw ObjectNotFound("redis key '" + key.text() + "' cannot be set (it was evicted)");
  if (outcome == Outcome::already_set)
    throw AlreadySet("redis key '" + key.text() + "' is set already; the first object stays");
}

/// One look at the server. Throws RedisLost.
DeferrableConnector::Received RedisConnector::look(std::string const& key, Deadline deadline, Want want) const {
  auto const left = deadline.is_never() ? options_.timeout
                                        : std::chrono::ceil<std::chrono::milliseconds>(deadline.remaining());
  auto const timeout = std::clamp(left, std::min(shortest_look, options_.timeout), options_.timeout);
  return inside_->pool.run(timeout, earlier(deadline, options_.reconnect), [&](RedisConnection& server) -> Received {
    server.append({want == Want::object ? "GET" : "EXISTS", key});
    server.append({"EXISTS", marker_of(key)});
    auto object = server.receive();
    bool const gone = server.receive()->integer != 0;
    if (want == Want::state) return {object->integer != 0 ? State::ready : gone ? State::gone : State::pending, {}};
    auto found = inside_->objects.object_of(server, key, std::move(object));
    return {found ? State::ready : gone ? State::gone : State::pending, std::move(found)};
  });
}

/// Looks, and again whenever something happens to the key. Once it waits, a server that is away is waited for too.
DeferrableConnector::Received RedisConnector::await(Key const& key, Deadline deadline, Want want) {
  auto const name = full(key);
  Received seen{State::pending, {}};
  for (bool first = true; !closed_; first = false) {
    try {
      seen = look(name, deadline, want);
    } catch (RedisLost const& lost) {
      if (first && !deadline.expired()) throw ConnectorError(lost.what());
    } catch (StoreClosed const&) {
      break;
    }
    if (seen.state != State::pending) return seen;
    if (inside_->watch.wait(name, deadline) == RedisWatch::Event::deadline) return seen;
  }
  return {State::broken, {}};
}

State RedisConnector::wait(Key const& key, Deadline deadline) { return await(key, deadline, Want::state).state; }

DeferrableConnector::Received RedisConnector::receive(Key const& key, Deadline deadline) {
  return await(key, deadline, Want::object);
}

void RedisConnector::close() {
  closed_ = true;
  inside_->pool.close();
  inside_->watch.close();
}

std::string RedisConnector::report() const {
  return server_name(options_) + ", database " + std::to_string(options_.database) + ": " +
         std::to_string(inside_->pool.connections()) + " connections, " + inside_->watch.report() + "\n";
}

}  // namespace proxystore
