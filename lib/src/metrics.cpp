#include <proxystore/metrics.hpp>

#include <algorithm>
#include <bit>
#include <cstdio>
#include <utility>

namespace proxystore {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto relaxed = std::memory_order_relaxed;

template <class T>
std::size_t nothing(T const&) {
  return 0;
}
std::size_t size_of(std::optional<Bytes> const& object) { return object ? object->size() : 0; }

std::string text_of(std::chrono::nanoseconds time) {
  char text[32];
  auto const ns = static_cast<double>(time.count());
  if (ns < 1e4) std::snprintf(text, sizeof text, "%.0f ns", ns);
  else if (ns < 1e7) std::snprintf(text, sizeof text, "%.1f us", ns / 1e3);
  else if (ns < 1e10) std::snprintf(text, sizeof text, "%.1f ms", ns / 1e6);
  else std::snprintf(text, sizeof text, "%.1f s", ns / 1e9);
  return text;
}

}  // namespace

std::chrono::nanoseconds OperationMetrics::mean() const noexcept {
  return count == 0 ? std::chrono::nanoseconds(0) : total / static_cast<std::int64_t>(count);
}

std::chrono::nanoseconds OperationMetrics::quantile(double part) const noexcept {
  if (count == 0) return std::chrono::nanoseconds(0);
  auto const wanted = part * static_cast<double>(count);
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < histogram.size(); ++i) {
    seen += histogram[i];
    if (static_cast<double>(seen) >= wanted && seen != 0)
      return std::min(max, std::chrono::nanoseconds(std::int64_t{1} << i));
  }
  return max;
}

OperationMetrics Metrics::of(std::string_view name) const {
  for (auto const& each : operations)
    if (each.name == name) return each;
  return {.name = std::string(name)};
}

std::string Metrics::to_string() const {
  char line[160];
  std::snprintf(line, sizeof line, "%-10s %10s %8s %14s %10s %10s %10s %10s\n", connector.c_str(), "calls", "failed",
                "bytes", "mean", "min", "median <", "max");
  std::string out = line;
  for (auto const& each : operations) {
    std::snprintf(line, sizeof line, "%-10s %10llu %8llu %14llu %10s %10s %10s %10s\n", each.name.c_str(),
                  static_cast<unsigned long long>(each.count), static_cast<unsigned long long>(each.failures),
                  static_cast<unsigned long long>(each.bytes), text_of(each.mean()).c_str(), text_of(each.min).c_str(),
                  text_of(each.quantile(0.5)).c_str(), text_of(each.max).c_str());
    out += line;
  }
  return out;
}

struct MeteringConnector::Meter {
  std::array<std::atomic<std::uint64_t>, std::tuple_size_v<decltype(OperationMetrics::histogram)>> histogram{};
  std::atomic<std::uint64_t> failures{0}, bytes{0}, total{0}, min{~std::uint64_t{0}}, max{0};

  void add(Clock::duration time, std::size_t size) noexcept {
    auto const ns = static_cast<std::uint64_t>(std::max<std::int64_t>(0, time.count()));
    histogram[std::min<std::size_t>(static_cast<std::size_t>(std::bit_width(ns)), histogram.size() - 1)].fetch_add(
        1, relaxed);
    if (size != 0) bytes.fetch_add(size, relaxed);
    total.fetch_add(ns, relaxed);
    for (auto least = min.load(relaxed); ns < least && !min.compare_exchange_weak(least, ns, relaxed);) {
    }
    for (auto most = max.load(relaxed); ns > most && !max.compare_exchange_weak(most, ns, relaxed);) {
    }
  }

  OperationMetrics snapshot(char const* name) const {
    OperationMetrics out{.name = name};
    for (std::size_t i = 0; i < histogram.size(); ++i) out.count += out.histogram[i] = histogram[i].load(relaxed);
    out.failures = failures.load(relaxed);
    out.bytes = bytes.load(relaxed);
    auto const time = [](auto const& ns) {
      return std::chrono::nanoseconds(static_cast<std::int64_t>(ns.load(relaxed)));
    };
    out.total = time(total);
    if (out.count != 0) out.min = time(min), out.max = time(max);
    return out;
  }
};

MeteringConnector::MeteringConnector(std::unique_ptr<Connector> inner)
    : ForwardingConnector(std::move(inner)), meters_(std::make_unique<Meter[]>(operations_)) {}
MeteringConnector::~MeteringConnector() = default;

Metrics MeteringConnector::metrics() const {
  static constexpr std::array<char const*, operations_> names{"put",       "get",       "exists",  "evict", "put_batch",
                                                              "get_batch", "get_parts", "new_key", "set",   "wait"};
  Metrics out{.connector = config().kind(), .operations = {}};
  for (std::size_t i = 0; i < operations_; ++i) {
    auto operation = meters_[i].snapshot(names[i]);
    if (operation.count + operation.failures != 0) out.operations.push_back(std::move(operation));
  }
  return out;
}

template <class Work, class Size>
auto MeteringConnector::measure(Operation operation, Work const& work, Size const& size) {
  auto& meter = meters_[operation];
  auto const start = Clock::now();
  try {
    auto result = work();
    meter.add(Clock::now() - start, size(result));
    return result;
  } catch (...) {
    meter.failures.fetch_add(1, relaxed);
    throw;
  }
}

Key MeteringConnector::put(Buffer object) {
  auto const size = object.size();
  return measure(
      put_, [&] { return ForwardingConnector::put(std::move(object)); }, [&](auto&) { return size; });
}

std::optional<Bytes> MeteringConnector::get(Key const& key) {
  return measure(
      get_, [&] { return ForwardingConnector::get(key); }, size_of);
}

bool MeteringConnector::exists(Key const& key) {
  return measure(
      exists_, [&] { return ForwardingConnector::exists(key); }, nothing<bool>);
}

void MeteringConnector::evict(Key const& key) {
  measure(
      evict_, [&] { return ForwardingConnector::evict(key), true; }, nothing<bool>);
}

std::vector<Key> MeteringConnector::put_batch(std::vector<Buffer> objects) {
  std::size_t size = 0;
  for (auto const& object : objects) size += object.size();
  return measure(
      put_batch_, [&] { return ForwardingConnector::put_batch(std::move(objects)); }, [&](auto&) { return size; });
}

std::vector<std::optional<Bytes>> MeteringConnector::get_batch(std::vector<Key> const& keys) {
  return measure(
      get_batch_, [&] { return ForwardingConnector::get_batch(keys); },
      [](auto const& objects) {
        std::size_t size = 0;
        for (auto const& object : objects) size += size_of(object);
        return size;
      });
}

void MeteringConnector::get_parts(std::span<ObjectPart const> parts, PartVisitor const& visit) {
  std::size_t came = 0;
  auto const counted = [&](std::size_t i, std::optional<PartBytes> part) {
    if (part) came += part->bytes.size();
    visit(i, std::move(part));
  };
  measure(
      get_parts_, [&] { return ForwardingConnector::get_parts(parts, counted), true; }, [&](auto&) { return came; });
}

Key MeteringConnector::new_key(KeyHint const& hint) {
  return measure(
      new_key_, [&] { return ForwardingConnector::new_key(hint); }, nothing<Key>);
}

void MeteringConnector::set(Key const& key, Buffer object) {
  auto const size = object.size();
  measure(
      set_, [&] { return ForwardingConnector::set(key, std::move(object)), true; }, [&](auto&) { return size; });
}

State MeteringConnector::wait(Key const& key, Deadline deadline) {
  return measure(
      wait_, [&] { return ForwardingConnector::wait(key, deadline); }, nothing<State>);
}

DeferrableConnector::Received MeteringConnector::receive(Key const& key, Deadline deadline) {
  return measure(
      wait_, [&] { return inner().deferrable()->receive(key, deadline); },
      [](auto const& received) { return size_of(received.object); });
}

}  // namespace proxystore
