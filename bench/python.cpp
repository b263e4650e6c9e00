// The same through Python ProxyStore, in the same run: objects put, got and resolved, and handed to a consumer that
// waits, through files and Redis:
//     PROXYSTORE_PYTHON=/path/to/python bench_python [DIRECTORY]      default: the temporary directory
// Both sides keep no cache. Python's are processes of their own, which measure themselves.
#include <proxystore/connectors/file.hpp>
#include <proxystore/proxystore.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "files.hpp"
#include "peer.hpp"
#include "rows.hpp"
#include "waiting.hpp"
#ifdef PROXYSTORE_HAVE_REDIS
#include "server.hpp"
#endif

using namespace proxystore;
using namespace std::chrono_literals;

namespace {

using Blob = std::vector<std::byte>;

std::string python() {
  auto const* const wanted = std::getenv("PROXYSTORE_PYTHON");
  return wanted ? wanted : "python3";
}
bool python_has(std::string const& modules) {
  return std::system((python() + " -c 'import " + modules + "' 2>/dev/null").c_str()) == 0;
}

/// A medium, and both sides on it: each has one that puts and sets, and one that waits.
class Sides {
 public:
  template <class Connect>
  Sides(std::string medium, std::string const& in_python, Connect const& connect)
      : name(std::move(medium)),
        store(Store::open(name, connect(), {.cache_objects = 0})),
        setter(connect()),
        python(command()),
        python_waiter(command()) {
    for (auto* each : {&python, &python_waiter}) each->ask("open " + in_python);
  }

  std::string const name;
  Store store;
  std::unique_ptr<DeferrableConnector> setter;
  bench::Peer python, python_waiter;
  std::vector<Key> keys = {};

 private:
  static std::string command() { return ::python() + " " PROXYSTORE_PEER; }
};

struct Size {
  std::string name;
  std::size_t bytes;
  int times;
};

void add_objects(bench::Program& program, std::shared_ptr<Sides> const& all, Size const& size) {
  int const times = program.count(size.times);
  auto const blob = std::make_shared<Blob const>(size.bytes);
  auto const put = [=] {
    for (int i = 0; i < times; ++i) all->keys.push_back(all->store.put(*blob));
  };
  auto const evict = [=] {
    for (auto const& key : all->keys) all->store.evict(key);
    all->keys.clear();
  };
  auto const python_put = [=] {
    return all->python.seconds("put " + std::to_string(blob->size()) + ' ' + std::to_string(times));
  };
  auto const prepare_python = [=] { python_put(); };
  auto const python_evict = [=] { all->python.ask("evict"); };
  auto const row = [&](char const* what, bench::Way ours, bench::Way twin) {
    program.add({.name = all->name + " " + what + ", " + size.name + ", beside Python",
                 .ours = std::move(ours),
                 .twin = std::move(twin),
                 .each = static_cast<double>(times),
                 .repetitions = 15});
  };
  row("put", {{put}, {}, evict}, {{python_put}, {}, python_evict});
  row("get",
      {{[=] {
         for (auto const& key : all->keys) bench::require(all->store.get<Blob>(key).has_value(), "an object is gone");
       }},
       put,
       evict},
      {{[=] { return all->python.seconds("get"); }}, prepare_python, python_evict});
  row("resolve",
      {{[=] {
         for (auto const& key : all->keys)
           bench::require(all->store.proxy_from_key<Blob>(key)->size() == blob->size(), "an object is short");
       }},
       put,
       evict},
      {{[=] { return all->python.seconds("resolve"); }}, prepare_python, python_evict});
}

/// Seconds from before one process sets a future until another, which has waited for `settling`, has its result.
double python_hand_over(Sides& all, std::size_t bytes, std::string const& interval,
                        std::chrono::duration<double> settling) {
  auto const future = all.python_waiter.ask("future " + interval);
  all.python_waiter.tell("result");
  std::this_thread::sleep_for(settling);
  auto const set = all.python.seconds("set " + std::to_string(bytes) + ' ' + future);
  return std::stod(all.python_waiter.hear()) - set;
}

void add_hand_over(bench::Program& program, std::shared_ptr<Sides> const& all, Size const& size) {
  int const times = program.count(size.times);
  auto const blob = std::make_shared<Blob const>(size.bytes);
  auto const ours = [=] {
    std::vector<Future<Blob>> made;
    for (int i = 0; i < times; ++i) made.push_back(all->store.future<Blob>());
    auto const took = bench::handed_over(
        times, [&](std::size_t i) { all->setter->set(made[i].key(), Serializer<Blob>::encode(*blob, *all->setter)); },
        [&](std::size_t i) { bench::require(made[i].result().size() == blob->size(), "an object is short"); });
    for (auto const& future : made) all->store.evict(future.key());
    return took;
  };
  auto const row = [&](std::string const& interval, std::function<double()> const& theirs, int repetitions) {
    program.add({.name = all->name + " set to who waits, " + size.name + ", beside Python that looks each " + interval,
                 .ours = {{ours}},
                 .twin = {{theirs}},
                 .each = static_cast<double>(times),
                 .repetitions = repetitions});
  };
  row(
      "1 ms",
      [=] {
        double took = 0;
        for (int i = 0; i < times; ++i) took += python_hand_over(*all, blob->size(), "0.001", 5ms);
        return took;
      },
      7);
  // Its default interval. Set at another moment between two looks each time.
  auto const turn = std::make_shared<int>(0);
  row(
      "1 s", [=] { return times * python_hand_over(*all, blob->size(), "1", 100ms + 200ms * ((*turn)++ % 5)); }, 5);
}

void add_rows(bench::Program& program, std::shared_ptr<Sides> const& all) {
  for (Size const& size : {Size{"1 KiB", 1024, 100}, Size{"1 MiB", std::size_t{1} << 20U, 20}})
    add_objects(program, all, size);
  for (Size const& size : {Size{"1 KiB", 1024, 20}, Size{"1 MiB", std::size_t{1} << 20U, 20}})
    add_hand_over(program, all, size);
}

#ifdef PROXYSTORE_HAVE_REDIS
void add_redis(bench::Program& program, std::unique_ptr<redis_test::Server>& server) {
  auto const cannot = redis_test::Server::program().empty() ? "this machine has no redis-server (Debian: redis-tools)"
                      : python_has("redis")                 ? ""
                                                            : "this Python has no redis (Debian: python3-redis)";
  if (*cannot) return program.add({.name = "Redis, beside Python", .ours = {[] {}}, .cannot = cannot});
  server = std::make_unique<redis_test::Server>(redis_test::ServerOptions{.tcp = true});
  RedisOptions options;
  options.port = server->port();
  add_rows(program, std::make_shared<Sides>("Redis", "redis " + std::to_string(options.port),
                                            [&] { return std::make_unique<RedisConnector>(options); }));
}
#endif

}  // namespace

int main(int argc, char** argv) {
  if (!python_has("proxystore")) {
    std::fprintf(stderr, "skipped: no Python ProxyStore (PROXYSTORE_PYTHON names a python that has it)\n");
    return 77;
  }
#ifdef PROXYSTORE_HAVE_REDIS
  std::unique_ptr<redis_test::Server> server;  // outlives what uses it
#endif
  bench::Program program("python", argc, argv);
  bench::Directory const directory(argc > 1 ? argv[1] : std::filesystem::temp_directory_path(), "bench_python");
  auto const objects = directory.file("objects");
  add_rows(program, std::make_shared<Sides>("file", "file " + objects,
                                            [&] { return std::make_unique<FileConnector>(objects); }));
#ifdef PROXYSTORE_HAVE_REDIS
  add_redis(program, server);
#endif
  return program.run();
}
