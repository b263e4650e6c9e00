// What the Redis connector costs, beside bare hiredis in the same run, over TCP on this machine, with a server of its own:
//     bench_redis
// Medians over batches that take turns; the consumer of a hand-off waits already.
#include <proxystore/connectors/redis.hpp>
#include <proxystore/proxystore.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <functional>
#include <latch>
#include <memory>
#include <semaphore>
#include <string>
#include <thread>
#include <vector>

#include <hiredis/hiredis.h>

#include "server.hpp"

using namespace proxystore;
using Clock = std::chrono::steady_clock;

namespace {

constexpr int batches = 41, operations = 400, hand_overs = 60, hand_over_batches = 11;
constexpr std::size_t object_size = 1024;
constexpr auto settling = std::chrono::microseconds(700);  // until a consumer sleeps

double microseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::micro>(Clock::now() - start).count();
}

double quantile(std::vector<double> values, double part) {
  auto const at = values.begin() + static_cast<std::ptrdiff_t>(part * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

class Raw {  // one connection of bare hiredis
 public:
  explicit Raw(int port) : context_(redisConnect("127.0.0.1", port), redisFree) {}
  template <class... Arguments>
  bool command(char const* format, Arguments... arguments) {
    auto* reply = static_cast<redisReply*>(redisCommand(context_.get(), format, arguments...));
    bool const good = reply && reply->type != REDIS_REPLY_ERROR && reply->type != REDIS_REPLY_NIL;
    if (reply) freeReplyObject(reply);
    return good;
  }

 private:
  std::unique_ptr<redisContext, decltype(&redisFree)> context_;
};

RedisOptions options_of(redis_test::Server const& server, std::size_t connections = 8) {
  RedisOptions options;
  options.port = server.port();
  options.connections = connections;
  return options;
}

struct Way {
  std::string name;
  std::function<void()> run;  // operations
  std::vector<double> each{};
};

void compare(char const* title, std::vector<Way> ways) {
  for (int batch = 0; batch < batches; ++batch)
    for (auto& way : ways) {
      auto const start = Clock::now();
      way.run();
      way.each.push_back(microseconds_since(start) / operations);
    }
  std::printf("%s\n", title);
  for (auto const& way : ways)
    std::printf("  %-34s %8.1f us %8.2f\n", way.name.c_str(), quantile(way.each, 0.5),
                quantile(way.each, 0.5) / quantile(ways[0].each, 0.5));
}

void put_and_get(redis_test::Server const& server) {
  Raw raw(server.port());
  RedisConnector connector(options_of(server));
  std::string const object(object_size, 'x');
  auto const bytes = std::as_bytes(std::span(object));
  std::vector<Key> keys(operations);
  compare("put 1 KiB",
          {{"hiredis SET",
            [&] {
              for (auto& key : keys) {
                key = make_uuid_key();
                raw.command("SET %b %b", key.text().data(), key.text().size(), object.data(), object.size());
              }
            }},
           {"RedisConnector::put", [&] { for (auto& key : keys) key = connector.put(Buffer::copy_of(bytes)); }}});
  compare("set 1 KiB, the first wins",
          {{"hiredis SET NX",
            [&] {
              for (int i = 0; i < operations; ++i) {
                auto const key = make_uuid_key();
                raw.command("SET %b %b NX", key.text().data(), key.text().size(), object.data(), object.size());
              }
            }},
           {"RedisConnector::set", [&] {
              for (int i = 0; i < operations; ++i) connector.set(connector.new_key({}), Buffer::copy_of(bytes));
            }}});
  compare("get 1 KiB",
          {{"hiredis GET", [&] { for (auto const& key : keys) raw.command("GET %b", key.text().data(), key.text().size()); }},
           {"RedisConnector::get", [&] { for (auto const& key : keys) connector.get(key); }}});
}

/// Time from before `set` to when the consumer has what `hold` waits for.
std::vector<double> hand_over(std::function<void(int)> const& set, std::function<void(int)> const& hold) {
  std::vector<double> took;
  Clock::time_point start;
  std::binary_semaphore about_to_wait(0), held(0);
  std::jthread consumer([&] {
    for (int i = 0; i < hand_overs; ++i) {
      about_to_wait.release();
      hold(i);
      took.push_back(microseconds_since(start));
      held.release();
    }
  });
  for (int i = 0; i < hand_overs; ++i) {
    about_to_wait.acquire();
    std::this_thread::sleep_for(settling);
    start = Clock::now();
    set(i);
    held.acquire();
  }
  return took;
}

void waiting(redis_test::Server const& server) {
  Raw pusher(server.port()), popper(server.port());
  std::string const object(object_size, 'x');
  RedisConnector producer(options_of(server)), consumer(options_of(server));
  std::vector<Key> keys(hand_overs);
  auto const name = [&](int i) -> std::string const& { return keys[static_cast<std::size_t>(i)].text(); };
  auto const receive = [&](int i) { consumer.receive(keys[static_cast<std::size_t>(i)], Deadline::never()); };
  struct Row {
    char const* name;
    std::function<void(int)> set, hold;
    std::vector<double> took{};
  };
  std::vector<Row> rows{
      {"hiredis LPUSH to BLPOP", [&](int) { pusher.command("LPUSH queue %b", object.data(), object.size()); },
       [&](int) { popper.command("BLPOP queue 0"); }},
      {"set to receive", [&](int i) { producer.set(Key(name(i)), Buffer::copy_of(std::as_bytes(std::span(object)))); },
       receive},
      {"another client's SET to receive",
       [&](int i) { pusher.command("SET %b %b", name(i).data(), name(i).size(), object.data(), object.size()); }, receive}};
  for (int batch = 0; batch < hand_over_batches; ++batch)
    for (auto& row : rows) {
      for (auto& key : keys) key = consumer.new_key({});
      auto const took = hand_over(row.set, row.hold);
      row.took.insert(row.took.end(), took.begin(), took.end());
    }
  std::printf("1 KiB to a consumer that waits            median      p95    beside\n");
  for (auto const& row : rows)
    std::printf("  %-34s %8.1f us %8.1f us %6.2f\n", row.name, quantile(row.took, 0.5), quantile(row.took, 0.95),
                quantile(row.took, 0.5) / quantile(rows[0].took, 0.5));
}

double rate(RedisConnector& connector, int threads) {
  std::latch ready(threads + 1);
  std::vector<std::jthread> running;
  for (int t = 0; t < threads; ++t)
    running.emplace_back([&] {
      ready.arrive_and_wait();
      for (int i = 0; i < 4000 / threads; ++i) connector.get(connector.put(Buffer(object_size)));
    });
  ready.arrive_and_wait();
  auto const start = Clock::now();
  running.clear();
  return 2 * 4000 / microseconds_since(start) * 1000;
}

void threads(redis_test::Server const& server) {
  std::printf("put and get of 1 KiB by threads      one connection         pool, operations per ms\n");
  for (int const n : {1, 2, 4, 8, 16}) {
    RedisConnector one(options_of(server, 1)), pool(options_of(server, 8));
    std::vector<double> rates[2];
    for (int batch = 0; batch < 7; ++batch) {
      rates[0].push_back(rate(one, n));
      rates[1].push_back(rate(pool, n));
    }
    std::printf("  %-34d %10.1f %20.1f\n", n, quantile(rates[0], 0.5), quantile(rates[1], 0.5));
  }
}

}  // namespace

int main() {
  if (redis_test::Server::program().empty()) {
    std::fprintf(stderr, "bench_redis: this machine has no redis-server (Debian: redis-tools)\n");
    return 2;
  }
  redis_test::Server const server({.tcp = true});
  put_and_get(server);
  waiting(server);
  threads(server);
  return 0;
}
