#include <algorithm>
#include <chrono>

#include "handles.hpp"

using namespace proxystore::c;
using proxystore::InvalidArgument;
using proxystore::LeaseLifetime;
using proxystore::Lifetime;
using proxystore::StaticLifetime;

namespace {

Lifetime& lifetime_of(proxystore_lifetime* handle) {
  return std::visit([](Lifetime& lifetime) -> Lifetime& { return lifetime; }, open(handle).lifetime);
}

std::chrono::nanoseconds length_of(double seconds) {
  constexpr double a_century = 3e9;
  if (!(seconds >= 0)) throw InvalidArgument("the time of a lease is negative, or not a number");
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::duration<double>(std::min(seconds, a_century)));
}

}  // namespace

extern "C" {

int proxystore_lifetime_new(proxystore_store* store, proxystore_lifetime** out) {
  return call([&] {
    need(out, "a place for the handle");
    give(out, Lifetime(*open(store).store));
  });
}

int proxystore_lifetime_lease(proxystore_store* store, double seconds, proxystore_lifetime** out) {
  return call([&] {
    need(out, "a place for the handle");
    give(out, LeaseLifetime(*open(store).store, length_of(seconds)));
  });
}

int proxystore_lifetime_static(proxystore_store* store, proxystore_lifetime** out) {
  return call([&] {
    need(out, "a place for the handle");
    give(out, StaticLifetime(*open(store).store));
  });
}

int proxystore_lifetime_add_key(proxystore_lifetime* lifetime, proxystore_key const* key) {
  return call([&] { lifetime_of(lifetime).add(key_of(key)); });
}

int proxystore_lifetime_add_future(proxystore_lifetime* lifetime, proxystore_future const* future) {
  return call([&] { lifetime_of(lifetime).add(open(future).future); });
}

int proxystore_lifetime_add_proxy(proxystore_lifetime* lifetime, proxystore_proxy const* proxy) {
  return call([&] { lifetime_of(lifetime).add(open(proxy).proxy); });
}

int proxystore_lifetime_extend(proxystore_lifetime* lifetime, double seconds) {
  return call([&] {
    auto* const lease = std::get_if<LeaseLifetime>(&open(lifetime).lifetime);
    if (!lease) throw InvalidArgument("this lifetime is no lease (only the end of a lease is a time)");
    lease->extend(length_of(seconds));
  });
}

int proxystore_lifetime_close(proxystore_lifetime* lifetime) {
  return call([&] { lifetime_of(lifetime).close(); });
}

int proxystore_lifetime_done(proxystore_lifetime const* lifetime, int* out) {
  return call([&] {
    auto const done = std::visit([](Lifetime const& ends) { return ends.done(); }, open(lifetime).lifetime);
    need(out, "a place for the answer") = done ? 1 : 0;
  });
}

int proxystore_lifetime_free(proxystore_lifetime** lifetime) { return release(lifetime); }

}  // extern "C"
