#include <proxystore/connector.hpp>

#include <unistd.h>
#include <algorithm>
#include <string>
#include <utility>

#include <proxystore/decorator.hpp>
#include <proxystore/error.hpp>

namespace proxystore {

std::size_t ObjectPart::size() const noexcept {
  auto bytes = row;
  for (auto const& axis : axes) bytes *= axis.count;
  return bytes;
}

bool ObjectPart::fits() const noexcept {
  if (begin > object || row > object - begin) return false;
  std::size_t last = begin, bytes = std::max<std::size_t>(row, 1);  // last: where the last row begins
  for (auto const& [count, stride] : axes) {
    if (count == 0) return true;
    auto const room = object - row - last;
    if (count > 1 && stride > room / (count - 1)) return false;
    if (bytes > object / count) return false;
    last += (count - 1) * stride;
    bytes *= count;
  }
  return true;
}

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

void Connector::get_parts(std::span<ObjectPart const> parts, PartVisitor const& visit) {
  for (std::size_t i = 0; i < parts.size(); ++i) {
    auto object = get(parts[i].key);
    visit(i, object ? std::optional(PartBytes{*std::move(object), true}) : std::nullopt);
  }
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
