/// Connectors over others, for the tests.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include <proxystore/connectors/connectors.hpp>
#include <proxystore/connectors/file.hpp>
#include <proxystore/connectors/local.hpp>
#include <proxystore/connectors/multi.hpp>
#include <proxystore/proxystore.hpp>

namespace multi_test {

using namespace proxystore;

/// In this process, with no room for an object of more than `room` bytes.
class Narrow final : public ForwardingConnector {
 public:
  explicit Narrow(std::size_t room) : ForwardingConnector(std::make_unique<LocalConnector>()), room_(room) {}

  Key put(Buffer object) override { return ForwardingConnector::put(fitting(std::move(object))); }
  Key put_tagged(Buffer object, Tags const&) override { return put(std::move(object)); }
  std::vector<Key> put_batch(std::vector<Buffer> objects) override { return Connector::put_batch(std::move(objects)); }
  void set(Key const& key, Buffer object) override { ForwardingConnector::set(key, fitting(std::move(object))); }
  Received receive(Key const& key, Deadline deadline) override { return inner().deferrable()->receive(key, deadline); }

 private:
  Buffer fitting(Buffer object) const {
    if (object.size() <= room_) return object;
    throw StoreFull("no room for " + std::to_string(object.size()) + " bytes");
  }

  std::size_t room_;
};

/// In a directory of its own, which close() removes.
inline std::unique_ptr<Connector> files() {
  auto const directory = std::filesystem::temp_directory_path() / ("proxystore-multi-" + make_uuid_key().text());
  return std::make_unique<FileConnector>(directory.string(), FileOptions{.clear = true});
}

inline std::unique_ptr<Connector> connect(MultiOptions options) {
  return std::make_unique<MultiConnector>(std::move(options));
}

inline std::unique_ptr<Connector> by_size() {
  MultiOptions options;
  options.add("small", std::make_unique<LocalConnector>(), {.max_size = 1000})
      .add("large", files(), {.min_size = 1001});
  return connect(std::move(options));
}

/// What has more than 100 bytes spills into files.
inline std::unique_ptr<Connector> spilling() {
  MultiOptions options;
  options.add("narrow", std::make_unique<Narrow>(100), {.priority = 1}).add("wide", files());
  options.spill = {"wide"};
  return connect(std::move(options));
}

/// Keys are made by a connector that does not take what is set.
inline std::unique_ptr<Connector> beyond_policy() {
  MultiOptions options;
  options.add("small", std::make_unique<LocalConnector>(), {.priority = 1, .max_size = 100}).add("large", files());
  return connect(std::move(options));
}

}  // namespace multi_test
