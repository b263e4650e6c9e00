/// What the handles of C are.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include <proxystore/future.hpp>
#include <proxystore/lifetime.hpp>
#include <proxystore/proxy.hpp>
#include <proxystore/store.hpp>

#include "call.hpp"
#include "object.hpp"

struct proxystore_store {
  static constexpr unsigned long long word = 0x70732d73746f7265;  // "ps-store"
  static constexpr char const* what = "a store";
  proxystore::c::Mark mark{word};
  std::shared_ptr<proxystore::Store> store;
};

struct proxystore_future {
  static constexpr unsigned long long word = 0x70732d6675747572;
  static constexpr char const* what = "a future";
  proxystore::c::Mark mark{word};
  proxystore::Future<proxystore::c::Object> future;
};

struct proxystore_proxy {
  static constexpr unsigned long long word = 0x70732d70726f7879;
  static constexpr char const* what = "a proxy";
  proxystore::c::Mark mark{word};
  proxystore::Proxy<proxystore::c::Object> proxy;
};

struct proxystore_array {
  static constexpr unsigned long long word = 0x70732d6172726179;
  static constexpr char const* what = "an array";
  proxystore::c::Mark mark{word};
  std::optional<proxystore::c::Object> object;  // none once it was set
};

struct proxystore_lifetime {
  static constexpr unsigned long long word = 0x70732d6c69666574;
  static constexpr char const* what = "a lifetime";
  proxystore::c::Mark mark{word};
  std::variant<proxystore::Lifetime, proxystore::LeaseLifetime, proxystore::StaticLifetime> lifetime;
};

namespace proxystore::c {

/// A new handle of `value`, at *out.
template <class Handle, class Value>
void give(Handle** out, Value value) {
  auto*& place = need(out, "a place for the handle");
  place = new Handle{{Handle::word}, std::move(value)};
}

/// Throws InvalidArgument for what is no key.
Key key_of(proxystore_key const* given);

/// What an array handle holds; it is empty then. Throws InvalidArgument if it is already.
inline Object take(proxystore_array* array) {
  auto& object = open(array).object;
  if (!object) throw InvalidArgument("this array is empty (it was set or put already)");
  Object taken = *std::move(object);
  object.reset();
  return taken;
}

/// Throws InvalidArgument for flags that are not known.
inline bool evicts(int flags) {
  if ((flags & ~PROXYSTORE_EVICT_ON_RESOLVE) != 0)
    throw InvalidArgument("flags are 0 or PROXYSTORE_EVICT_ON_RESOLVE, not " + std::to_string(flags));
  return flags != 0;
}

/// Throws InvalidArgument for what is neither a rank nor PROXYSTORE_ANY_PRODUCER.
inline std::optional<int> producer_of(int given) {
  if (given < PROXYSTORE_ANY_PRODUCER) throw InvalidArgument("a producer is a rank, or PROXYSTORE_ANY_PRODUCER");
  return given == PROXYSTORE_ANY_PRODUCER ? std::nullopt : std::optional(given);
}

}  // namespace proxystore::c
