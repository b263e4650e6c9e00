#include "handle_bytes.hpp"
#include "handles.hpp"

using namespace proxystore::c;
using proxystore::Proxy;

namespace {

Proxy<Object> const& proxy_of(proxystore_proxy const* handle) { return open(handle).proxy; }

}  // namespace

extern "C" {

int proxystore_proxy_of_future(proxystore_future const* future, proxystore_proxy** out) {
  return call([&] { give(out, open(future).future.proxy()); });
}

int proxystore_proxy_copy(proxystore_proxy const* proxy, proxystore_proxy** out) {
  return call([&] { give(out, proxy_of(proxy)); });
}

int proxystore_proxy_free(proxystore_proxy** proxy) { return release(proxy); }

int proxystore_proxy_resolve(proxystore_proxy* proxy, double timeout, proxystore_view* out) {
  return call([&] {
    auto& view = need(out, "a place for the view");
    view = proxy_of(proxy).resolve(deadline_in(timeout)).view();
  });
}

int proxystore_proxy_read(proxystore_proxy* proxy, double timeout, int type, void* data, std::size_t size) {
  return call([&] { proxy_of(proxy).resolve(deadline_in(timeout)).read(type, data, size); });
}

int proxystore_proxy_resolve_async(proxystore_proxy* proxy) {
  return call([&] { proxy_of(proxy).resolve_async(); });
}

int proxystore_proxy_is_resolved(proxystore_proxy const* proxy, int* out) {
  return call([&] { need(out, "a place for the answer") = proxy_of(proxy).is_resolved() ? 1 : 0; });
}

int proxystore_proxy_evict(proxystore_proxy* proxy) {
  return call([&] {
    auto const& target = proxy_of(proxy);
    target.store().evict(target.key());
  });
}

int proxystore_proxy_key(proxystore_proxy const* proxy, proxystore_key* out) {
  return call([&] { write_key(proxy_of(proxy).key().text(), out); });
}

int proxystore_proxy_serialize(proxystore_proxy const* proxy, void* buffer, std::size_t capacity, std::size_t* size) {
  return call([&] { write_bytes(proxy_of(proxy), buffer, capacity, size); });
}

int proxystore_proxy_deserialize(void const* buffer, std::size_t size, proxystore_proxy** out) {
  return call([&] { give(out, read_bytes<Proxy<Object>>(buffer, size)); });
}

}  // extern "C"
