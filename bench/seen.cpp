// What it takes to be seen: a future made, set, resolved and evicted in one thread over the local connector, with
// metrics and with a trace, beside the same with nothing on. In time of the processor, so that what others do on the
// machine counts little. bench/guard has the same in instructions.
//     bench_seen
#include <proxystore/connectors/local.hpp>
#include <proxystore/proxystore.hpp>

#include <ctime>
#include <filesystem>
#include <memory>
#include <string>

#include "rows.hpp"

using namespace proxystore;

namespace {

constexpr int repetitions = 21, futures = 5000;
constexpr int traced = 4;  // events of a future: made, set, resolve, evict

double processor_seconds() {
  std::timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

double pass(Store& store, int times) {
  auto const start = processor_seconds();
  for (int i = 0; i < times; ++i) {
    auto const future = store.future<int>();
    future.set_result(i);
    bench::require(future.result() == i, "a future has the wrong result");
    store.evict(future.key());
  }
  return processor_seconds() - start;
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
    auto const row = [&](char const* name, Store& store, bench::Aim aim) {
      program.add({.name = name,
                   .ours = {[&store, times] { return pass(store, times); }},
                   .twin = {[&plain, times] { return pass(plain, times); }},
                   .unit = "ns",
                   .aim = aim,
                   .each = static_cast<double>(times),
                   .repetitions = repetitions});
    };
    row("a future with metrics, beside one without", metered, {});
    row("a future with a trace (4 spans), beside one without", seen, bench::added(traced * 100));
    status = program.run();
  }
  std::filesystem::remove(file);
  return status;
}
