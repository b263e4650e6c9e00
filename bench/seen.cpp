// What it takes to be seen: a future made, set, resolved and evicted in one thread over the local connector, with
// metrics and with a trace, beside the same with nothing on.
//     bench_seen
#include <proxystore/connectors/local.hpp>
#include <proxystore/proxystore.hpp>

#include <filesystem>
#include <memory>
#include <string>

#include "rows.hpp"

using namespace proxystore;

namespace {

constexpr int repetitions = 21, futures = 5000;
constexpr int traced = 4;  // events of a future: made, set, resolve, evict

void pass(Store& store, int times) {
  for (int i = 0; i < times; ++i) {
    auto const future = store.future<int>();
    future.set_result(i);
    bench::require(future.result() == i, "a future has the wrong result");
    store.evict(future.key());
  }
}

Store open(char const* name, StoreOptions options) {
  options.cache_objects = 0;
  return Store::open(name, std::make_unique<LocalConnector>(), std::move(options));
}

}  // namespace

int main(int argc, char** argv) {
  bench::Program program("seen", argc, argv);
  int const times = program.count(futures);
  auto const file = (std::filesystem::temp_directory_path() / (make_uuid_key().text() + ".json")).string();
  int status = 0;
  {
    auto plain = open("plain", {}), metered = open("metered", {.metrics = Metering::kept});
    auto seen = open("seen", {.trace = file, .trace_events = std::size_t{repetitions + 1} * futures * traced});
    auto const row = [&](char const* name, Store& store) {
      program.add({.name = name,
                   .ours = {[&store, times] { pass(store, times); }},
                   .twin = {[&plain, times] { pass(plain, times); }},
                   .unit = "ns",
                   .each = static_cast<double>(times),
                   .repetitions = repetitions});
    };
    row("a future with metrics, beside one without", metered);
    row("a future with a trace, beside one without", seen);
    status = program.run();
  }
  std::filesystem::remove(file);
  return status;
}
