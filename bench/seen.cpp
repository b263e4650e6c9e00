// What it costs to be seen: a future made, set, resolved and evicted in one thread over the local connector, with nothing
// on, with metrics, and with a trace. Medians of rounds that take turns.
//     bench_seen
#include <proxystore/connectors/local.hpp>
#include <proxystore/proxystore.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

using namespace proxystore;

namespace {

constexpr int rounds = 21, futures = 5000;
constexpr int traced = 4;    // events of a future: made, set, resolve, evict
constexpr int measured = 4;  // operations: new_key, set, get, evict

double nanoseconds(Store& store) {
  auto const start = std::chrono::steady_clock::now();
  for (int i = 0; i < futures; ++i) {
    auto const future = store.future<int>();
    future.set_result(i);
    if (future.result() != i) std::abort();
    store.evict(future.key());
  }
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count() / futures;
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + rounds / 2, values.end());
  return values[rounds / 2];
}

}  // namespace

int main() {
  auto const file = (std::filesystem::temp_directory_path() / (make_uuid_key().text() + ".json")).string();
  std::vector<double> off, metrics, trace;
  {
    auto const open = [](char const* name, StoreOptions options) {
      options.cache_objects = 0;
      return Store::open(name, std::make_unique<LocalConnector>(), std::move(options));
    };
    auto plain = open("plain", {});
    auto metered = open("metered", {.metrics = Metering::kept});
    auto seen = open("seen", {.trace = file, .trace_events = std::size_t{rounds + 1} * futures * traced});
    for (auto* store : {&plain, &metered, &seen}) (void)nanoseconds(*store);
    for (int round = 0; round < rounds; ++round) {
      off.push_back(nanoseconds(plain));
      metrics.push_back(nanoseconds(metered));
      trace.push_back(nanoseconds(seen));
    }
  }
  std::filesystem::remove(file);
  std::printf("a future, nothing on   %8.0f ns\n", median(off));
  std::printf("with metrics           %8.0f ns, %5.0f ns an operation\n", median(metrics),
              (median(metrics) - median(off)) / measured);
  std::printf("with a trace           %8.0f ns, %5.0f ns an event\n", median(trace), (median(trace) - median(off)) / traced);
}
