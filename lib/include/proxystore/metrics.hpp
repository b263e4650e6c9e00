/// @file
/// Counts, bytes and times of what a store asks of its connector.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <proxystore/decorator.hpp>
#include <proxystore/export.hpp>

namespace proxystore {

/// Of one operation: how often, how many bytes, how long.
struct PROXYSTORE_EXPORT OperationMetrics {
  std::string name;            ///< that of the connector's member: put, get, set, wait, …
  std::uint64_t count = 0;     ///< calls that returned
  std::uint64_t failures = 0;  ///< calls that threw: neither their bytes nor their times are counted
  std::uint64_t bytes = 0;     ///< of the objects that went in or came out
  std::chrono::nanoseconds total{0}, min{0}, max{0};
  /// histogram[i]: calls of less than 2^i ns that took at least half of it; the last also what took longer.
  std::array<std::uint64_t, 40> histogram{};

  std::chrono::nanoseconds mean() const noexcept;  ///< 0 without calls
  /// A time that a part of the calls (0.5: half of them) did not exceed, to a factor of two. 0 without calls.
  std::chrono::nanoseconds quantile(double part) const noexcept;
};

/// A snapshot. Operations that were never called are left out.
struct PROXYSTORE_EXPORT Metrics {
  std::string connector;  ///< its kind
  std::vector<OperationMetrics> operations;

  OperationMetrics of(std::string_view name) const;  ///< All zero if it was never called.
  std::string to_string() const;                     ///< A table, a line for each operation.
};

/// Measures the connector that it forwards to. Some kilobytes, whatever is stored; two looks at the clock and a few
/// additions for each call. A wait is measured as `wait`, whether or not it brings the object.
class PROXYSTORE_EXPORT MeteringConnector final : public ForwardingConnector {
 public:
  /// REQUIRES: inner is not null
  explicit MeteringConnector(std::unique_ptr<Connector> inner);
  ~MeteringConnector() override;

  /// Thread-safe. What is under way is not in it.
  Metrics metrics() const;

  Key put(Buffer object) override;
  std::optional<Bytes> get(Key const& key) override;
  bool exists(Key const& key) override;
  void evict(Key const& key) override;
  std::vector<Key> put_batch(std::vector<Buffer> objects) override;
  std::vector<std::optional<Bytes>> get_batch(std::vector<Key> const& keys) override;
  /// The time is that of the visits too.
  void get_parts(std::span<ObjectPart const> parts, PartVisitor const& visit) override;
  Key new_key(KeyHint const& hint) override;
  void set(Key const& key, Buffer object) override;
  State wait(Key const& key, Deadline deadline) override;
  Received receive(Key const& key, Deadline deadline) override;

 private:
  enum Operation { put_, get_, exists_, evict_, put_batch_, get_batch_, get_parts_, new_key_, set_, wait_, operations_ };
  struct Meter;

  template <class Work, class Size>
  auto measure(Operation operation, Work const& work, Size const& size);

  std::unique_ptr<Meter[]> meters_;
};

}  // namespace proxystore
