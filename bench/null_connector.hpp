/// A connector that keeps nothing: what a store takes over it is the library's own.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <utility>

#include <proxystore/connector.hpp>

namespace bench {

/// Has one object, whatever the key. Keys are all the same, and short.
class NullConnector final : public proxystore::DeferrableConnector {
 public:
  explicit NullConnector(proxystore::Bytes object) : object_(std::move(object)) {}

  proxystore::Key put(proxystore::Buffer) override { return proxystore::Key("0"); }
  std::optional<proxystore::Bytes> get(proxystore::Key const&) override { return object_; }
  bool exists(proxystore::Key const&) override { return true; }
  void evict(proxystore::Key const&) override {}
  proxystore::Config config() const override { return proxystore::Config::parse("null:"); }
  void close() override {}
  proxystore::Key new_key(proxystore::KeyHint const&) override { return proxystore::Key("0"); }
  void set(proxystore::Key const&, proxystore::Buffer) override {}
  proxystore::State wait(proxystore::Key const&, proxystore::Deadline) override { return proxystore::State::ready; }

 private:
  proxystore::Bytes const object_;
};

}  // namespace bench
