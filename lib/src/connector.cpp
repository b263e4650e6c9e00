#include <proxystore/connector.hpp>

#include <string>
#include <unistd.h>
#include <utility>

#include <proxystore/decorator.hpp>
#include <proxystore/error.hpp>

namespace proxystore {

Key Connector::put_tagged(Buffer object, Tags const&) { return put(std::move(object)); }

std::vector<Key> Connector::put_batch(std::vector<Buffer> objects) {
  std::vector<Key> keys;
  keys.reserve(objects.size());
  for (auto& object : objects) keys.push_back(put(std::move(object)));
  return keys;
}

std::vector<std::optional<Bytes>> Connector::get_batch(std::vector<Key> const& keys) {
  std::vector<std::optional<Bytes>> objects;
  objects.reserve(keys.size());
  for (auto const& key : keys) objects.push_back(get(key));
  return objects;
}

std::unique_ptr<LongWait> DeferrableConnector::wait_long(Key const&) { return nullptr; }

DeferrableConnector::Received DeferrableConnector::receive(Key const& key, Deadline deadline) {
  auto const state = wait(key, deadline);
  return {state, state == State::ready ? get(key) : std::nullopt};
}

std::string Connector::whoami() const {
  char host[256] = "unknown host";
  if (gethostname(host, sizeof host - 1) != 0) return "process " + std::to_string(getpid());
  return "process " + std::to_string(getpid()) + " on " + host;
}

ForwardingConnector::ForwardingConnector(std::unique_ptr<Connector> inner) : inner_(std::move(inner)) {
  if (!inner_) throw InvalidArgument("a decorator needs a connector to forward to, this one is null");
}

}  // namespace proxystore
