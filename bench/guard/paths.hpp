// The paths that every user takes, over a connector.
#pragma once

#include <proxystore/decorator.hpp>
#include <proxystore/proxystore.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "meter.hpp"

namespace guard {

using namespace proxystore;

/// Lets producer and consumer meet in one thread, so that their counts repeat: what the producer does is done when the
/// consumer blocks.
class Meeting final : public ForwardingConnector {
 public:
  using ForwardingConnector::ForwardingConnector;

  void when_somebody_waits(std::function<void()> produce) { produce_ = std::move(produce); }
  Received receive(Key const& key, Deadline deadline) override {
    if (auto const produce = std::exchange(produce_, nullptr)) produce();
    return inner().deferrable()->receive(key, deadline);
  }

 private:
  std::function<void()> produce_;
};

inline Store open(std::string name, std::unique_ptr<Connector> connector) {
  return Store::open(std::move(name), std::move(connector), {.cache_objects = 0});
}

template <class T>
void objects(Meter const& meter, std::string const& over, Store& store, T const& object) {
  std::vector<Key> keys(calls);
  std::vector<Proxy<T>> proxies(calls);
  meter.count(over + "put", [&](std::size_t i) { keys[i] = store.put(object); });
  meter.count(over + "get", [&](std::size_t i) { use(store.get<T>(keys[i])); });
  for (std::size_t i = 0; i < calls; ++i)
    proxies[i] = deserialize<Proxy<T>>(serialize(store.proxy_from_key<T>(keys[i])));
  meter.count(over + "resolve a proxy that arrived", [&](std::size_t i) { use(*proxies[i]); });
  proxies.clear();
  meter.count(over + "evict", [&](std::size_t i) { store.evict(keys[i]); });
}

template <class T>
void futures(Meter const& meter, std::string const& over, Store& store, T const& object) {
  std::vector<Future<T>> made(calls);
  meter.count(over + "make a future", [&](std::size_t i) { made[i] = store.future<T>(); });
  meter.count(over + "set", [&](std::size_t i) { made[i].set_result(object); });
  meter.count(over + "result of what is set", [&](std::size_t i) { use(made[i].result()); });
  for (auto const& future : made) store.evict(future.key());
}

/// From before a consumer asks for what is not there to when it has it.
template <class T>
void hand_over(Meter const& meter, std::string const& over, Store& store, Meeting& meeting, T const& object) {
  std::vector<Future<T>> made(calls);
  for (auto& future : made) future = store.future<T>();
  meter.count(over + "set to one who waits", [&](std::size_t i) {
    meeting.when_somebody_waits([&] { made[i].set_result(object); });
    use(made[i].result());
  });
  for (auto const& future : made) store.evict(future.key());
}

/// `connect` makes a connector of the medium; twice.
template <class Connect>
void paths(std::string const& medium, Connect const& connect) {
  auto store = open(medium, connect());
  auto meeting = std::make_unique<Meeting>(connect());
  auto& meets = *meeting;
  auto met = open(medium + " meeting", std::move(meeting));
  auto const all = [&](Meter const& meter, std::string const& over, auto const& object) {
    objects(meter, over, store, object);
    futures(meter, over, store, object);
    hand_over(meter, over, met, meets, object);
  };
  twice([&](Meter const& meter) {
    all(meter, medium + ", 8 B: ", 2.5);
    all(meter, medium + ", 512 B: ", std::vector<double>(64, 2.5));
    meter.count(medium + ", 512 B in place: allocate, set, view", [&](std::size_t) {
      auto const future = store.template future<Array<double>>();
      auto array = store.template allocate<double>({64});
      future.set_result(std::move(array));
      use(future.result());
      store.evict(future.key());
    });
  });
}

}  // namespace guard
