// The library's own cost: a store over a connector that keeps nothing.
//     bench_null
#include <benchmark/benchmark.h>

#include <proxystore/proxystore.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "null_connector.hpp"
#include "rows.hpp"

using namespace proxystore;

int main(int argc, char** argv) {
  bench::Program program("null", argc, argv);
  int const n = program.count(20000);
  auto store =
      Store::open("null", std::make_unique<bench::NullConnector>(serialize(std::int64_t{1})), {.cache_objects = 0});
  auto const key = store.put(std::int64_t{1});
  auto const add = [&](std::string name, auto work, int operations = 1) {
    program.add({.name = std::move(name),
                 .ours = {[=] {
                   for (int i = 0; i < n; ++i) work(i);
                 }},
                 .unit = "ns",
                 .aim = bench::at_most(100.0 * operations),
                 .each = static_cast<double>(n)});
  };
  add("null connector: put, 8 B", [&](int i) { benchmark::DoNotOptimize(store.put(std::int64_t{i})); });
  add("null connector: get, 8 B", [&](int) { benchmark::DoNotOptimize(store.get<std::int64_t>(key)); });
  add("null connector: proxy made of 8 B",
      [&](int i) { benchmark::DoNotOptimize(store.proxy(std::int64_t{i}, {.populate = false})); });
  std::vector<Proxy<std::int64_t>> proxies;
  program.add({.name = "null connector: proxy resolved, 8 B",
               .ours = {.run =
                            [&] {
                              for (auto const& proxy : proxies) benchmark::DoNotOptimize(*proxy);
                            },
                        .prepare =
                            [&] {
                              for (int i = 0; i < n; ++i) proxies.push_back(store.proxy_from_key<std::int64_t>(key));
                            },
                        .clean = [&] { proxies.clear(); }},
               .unit = "ns",
               .aim = bench::at_most(100),
               .each = static_cast<double>(n)});
  auto const hand_over = [&](int i) {
    auto const future = store.future<std::int64_t>();
    future.set_result(i);
    benchmark::DoNotOptimize(future.result());
  };
  add("null connector: future made, set and resolved, 8 B", hand_over, 3);
  return program.run();
}
