// What the Redis connector takes beside bare hiredis, over TCP on this machine, with a server of its own:
//     bench_redis
#include <proxystore/connectors/redis.hpp>
#include <proxystore/proxystore.hpp>

#include <cstdio>
#include <functional>
#include <latch>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "raw/redis.hpp"
#include "rows.hpp"
#include "server.hpp"
#include "waiting.hpp"

using namespace proxystore;

namespace {

RedisOptions options_of(redis_test::Server const& server, std::size_t connections = 8) {
  RedisOptions options;
  options.port = server.port();
  options.connections = connections;
  return options;
}

struct Sides {
  explicit Sides(redis_test::Server const& server)
      : raw(server.port()), raw_popper(server.port()), connector(options_of(server)), consumer(options_of(server)) {}
  raw::Redis raw, raw_popper;
  RedisConnector connector, consumer;
  std::string const object = std::string(1024, 'x');
  std::vector<Key> keys = {};
  std::vector<std::string> names = {};

  Buffer buffer() const { return Buffer::copy_of(std::as_bytes(std::span(object))); }
  void name(int count) {
    names.clear();
    for (int i = 0; i < count; ++i) names.push_back(make_uuid_key().text());
  }
  void evict() {
    for (auto const& key : keys) connector.evict(key);
    keys.clear();
  }
};

void one_by_one(bench::Program& program, std::shared_ptr<Sides> const& all) {
  int const times = program.count(400);
  auto const put = [=] {
    for (int i = 0; i < times; ++i) all->keys.push_back(all->connector.put(all->buffer()));
  };
  auto const set_new = [=] {
    for (int i = 0; i < times; ++i) {
      all->keys.push_back(all->connector.new_key({}));
      all->connector.set(all->keys.back(), all->buffer());
    }
  };
  auto const evict = [=] { all->evict(); };
  auto const raw_set = [=] {
    for (int i = 0; i < times; ++i) all->raw.set(all->names.emplace_back(make_uuid_key().text()), all->object);
  };
  auto const raw_set_new = [=] {
    for (int i = 0; i < times; ++i) all->raw.set_new(all->names.emplace_back(make_uuid_key().text()), all->object);
  };
  auto const forget = [=] {
    all->raw.remove(all->names);
    all->names.clear();
  };
  auto const row = [&](char const* name, bench::Way ours, bench::Way twin) {
    program.add({.name = name,
                 .ours = std::move(ours),
                 .twin = std::move(twin),
                 .aim = bench::ratio(1.1),
                 .each = static_cast<double>(times)});
  };
  row("Redis put, 1 KiB", {{put}, {}, evict}, {{raw_set}, {}, forget});
  row("Redis set, the first wins, 1 KiB", {{set_new}, {}, evict}, {{raw_set_new}, {}, forget});
  row("Redis get, 1 KiB",
      {{[=] {
         for (auto const& key : all->keys) bench::require(all->connector.get(key).has_value(), "an object is gone");
       }},
       put,
       evict},
      {{[=] {
         for (auto const& name : all->names)
           bench::require(all->raw.get(name) == all->object.size(), "an object is gone");
       }},
       raw_set,
       forget});
}

void batches(bench::Program& program, std::shared_ptr<Sides> const& all) {
  constexpr int batch = 100;
  auto const put = [=] {
    std::vector<Buffer> buffers;
    for (int i = 0; i < batch; ++i) buffers.push_back(all->buffer());
    all->keys = all->connector.put_batch(std::move(buffers));
  };
  auto const evict = [=] { all->evict(); };
  auto const raw_put = [=] {
    all->name(batch);
    all->raw.set_all(all->names, all->object);
  };
  auto const forget = [=] { all->raw.remove(all->names); };
  auto const row = [&](char const* name, bench::Way ours, bench::Way twin) {
    program.add(
        {.name = name, .ours = std::move(ours), .twin = std::move(twin), .aim = bench::ratio(1.1), .repetitions = 101});
  };
  row("Redis put, batch of 100", {{put}, {}, evict}, {{raw_put}, {}, forget});
  row("Redis get, batch of 100", {{[=] { all->connector.get_batch(all->keys); }}, put, evict},
      {{[=] { all->raw.get_all(all->names); }}, raw_put, forget});
}

void waiting(bench::Program& program, std::shared_ptr<Sides> const& all) {
  int const times = program.count(40);
  auto const names = [=] { all->name(times); };
  auto const receive = [=](std::size_t i) { all->consumer.receive(Key(all->names[i]), Deadline::never()); };
  auto const forget = [=] { all->raw.remove(all->names); };
  auto const row = [&](char const* name, std::function<void(std::size_t)> const& set) {
    program.add({.name = name,
                 .ours = {{[=] { return bench::handed_over(times, set, receive); }}, names, forget},
                 .twin = {{[=] {
                   return bench::handed_over(
                       times, [=](std::size_t) { all->raw.push("queue", all->object); },
                       [=](std::size_t) { all->raw_popper.pop("queue"); });
                 }}},
                 .aim = bench::ratio(1.5),
                 .each = static_cast<double>(times),
                 .repetitions = 15});
  };
  row("Redis set to who waits, 1 KiB, beside BLPOP",
      [=](std::size_t i) { all->connector.set(Key(all->names[i]), all->buffer()); });
  row("Redis SET of another client to who waits, beside BLPOP",
      [=](std::size_t i) { all->raw.set(all->names[i], all->object); });
}

/// A put and a get of each of `threads`, one after the other.
void put_and_get(RedisConnector& connector, int threads, int times) {
  std::latch ready(threads);
  std::vector<std::jthread> running;
  for (int t = 0; t < threads; ++t)
    running.emplace_back([&] {
      ready.arrive_and_wait();
      for (int i = 0; i < times / threads; ++i) {
        auto const key = connector.put(Buffer(1024));
        connector.get(key);
        connector.evict(key);
      }
    });
}

void threads(bench::Program& program, redis_test::Server const& server) {
  for (int const n : {1, 4, 16}) {
    auto const one = std::make_shared<RedisConnector>(options_of(server, 1));
    auto const pool = std::make_shared<RedisConnector>(options_of(server, 8));
    int const times = n * program.count(1600 / n);
    program.add({.name = "Redis put, get, evict by " + std::to_string(n) + " threads, pool beside one connection",
                 .ours = {{[=] { put_and_get(*pool, n, times); }}},
                 .twin = {{[=] { put_and_get(*one, n, times); }}},
                 .each = static_cast<double>(times),
                 .repetitions = 7});
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (redis_test::Server::program().empty()) {
    std::fprintf(stderr, "this machine has no redis-server (Debian: redis-tools)\n");
    return 77;
  }
  redis_test::Server const server({.tcp = true});
  bench::Program program("redis", argc, argv);
  auto const sides = std::make_shared<Sides>(server);
  one_by_one(program, sides);
  batches(program, sides);
  waiting(program, sides);
  threads(program, server);
  return program.run();
}
