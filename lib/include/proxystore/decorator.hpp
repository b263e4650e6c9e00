/// @file
/// Connectors that stand over another.
#pragma once

#include <memory>
#include <span>
#include <utility>

#include <proxystore/connector.hpp>

namespace proxystore {

/// Forwards everything to another connector; daughters override what they meter, trace or break.
/// Deferrable exactly if the inner one is.
class PROXYSTORE_EXPORT ForwardingConnector : public DeferrableConnector {
 public:
  /// REQUIRES: inner is not null
  explicit ForwardingConnector(std::unique_ptr<Connector> inner);

  Buffer allocate(std::size_t bytes) override { return inner_->allocate(bytes); }
  Buffer stage(std::size_t bytes) override { return inner_->stage(bytes); }
  Key put(Buffer object) override { return inner_->put(std::move(object)); }
  Key put_tagged(Buffer object, Tags const& tags) override { return inner_->put_tagged(std::move(object), tags); }
  std::optional<Bytes> get(Key const& key) override { return inner_->get(key); }
  bool exists(Key const& key) override { return inner_->exists(key); }
  void evict(Key const& key) override { inner_->evict(key); }
  std::vector<Key> put_batch(std::vector<Buffer> objects) override {
    return inner_->put_batch(std::move(objects));
  }
  std::vector<std::optional<Bytes>> get_batch(std::vector<Key> const& keys) override {
    return inner_->get_batch(keys);
  }
  void get_parts(std::span<ObjectPart const> parts, PartVisitor const& visit) override {
    inner_->get_parts(parts, visit);
  }
  Config config() const override { return inner_->config(); }
  void close() override { inner_->close(); }
  void opened_as(std::string const& store) override { inner_->opened_as(store); }
  bool gather_at_close(std::shared_ptr<Gathering> gathering) override {
    return inner_->gather_at_close(std::move(gathering));
  }
  bool reads_in_place() const noexcept override { return inner_->reads_in_place(); }
  std::string whoami() const override { return inner_->whoami(); }
  void progress() override { inner_->progress(); }
  std::string report() const override { return inner_->report(); }

  DeferrableConnector* deferrable() noexcept override { return inner_->deferrable() ? this : nullptr; }
  Key new_key(KeyHint const& hint) override { return inner_->deferrable()->new_key(hint); }
  void set(Key const& key, Buffer object) override { inner_->deferrable()->set(key, std::move(object)); }
  State wait(Key const& key, Deadline deadline) override { return inner_->deferrable()->wait(key, deadline); }
  std::unique_ptr<LongWait> wait_long(Key const& key) override { return inner_->deferrable()->wait_long(key); }

 protected:
  Connector& inner() noexcept { return *inner_; }

 private:
  std::unique_ptr<Connector> inner_;
};

}  // namespace proxystore
