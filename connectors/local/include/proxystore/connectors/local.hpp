/// @file
/// Objects in this process.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>

#include <proxystore/connector.hpp>
#include <proxystore/registry.hpp>

namespace proxystore {

/// Objects in the memory of this process. The reference implementation of the contract.
class PROXYSTORE_EXPORT LocalConnector final : public DeferrableConnector {
 public:
  LocalConnector();
  ~LocalConnector() override;

  Key put(Buffer object) override;
  std::optional<Bytes> get(Key const& key) override;
  bool exists(Key const& key) override;
  void evict(Key const& key) override;
  Config config() const override;
  void close() override;
  bool reads_in_place() const noexcept override { return true; }
  std::string report() const override;

  Key new_key(KeyHint const& hint) override;
  void set(Key const& key, Buffer object) override;
  State wait(Key const& key, Deadline deadline) override;

  /// Kind `local`, without options.
  static void add_kind(Registry& registry);

 private:
  struct Slot {
    bool ready = false;
    Bytes object;
  };

  void ensure_open() const;

  std::string const instance_;  // so that a proxy is never resolved in another process's local store
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::unordered_map<Key, Slot> slots_;  // an evicted key is absent
  std::uint64_t made_ = 0;
  bool closed_ = false;
};

}  // namespace proxystore
