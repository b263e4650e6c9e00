#include <cstring>
#include <stdexcept>

#include "handle_bytes.hpp"
#include "handles.hpp"

using namespace proxystore::c;
using proxystore::Future;

namespace {

Future<Object> const& future_of(proxystore_future const* handle) { return open(handle).future; }

}  // namespace

extern "C" {

int proxystore_future_copy(proxystore_future const* future, proxystore_future** out) {
  return call([&] { give(out, future_of(future)); });
}

int proxystore_future_free(proxystore_future** future) { return release(future); }

int proxystore_future_set(proxystore_future* future, int type, void const* data, int rank, std::size_t const* shape) {
  return call([&] { future_of(future).set_result(Object::borrow(type, data, rank, shape)); });
}

int proxystore_future_set_bytes(proxystore_future* future, void const* data, std::size_t size) {
  return proxystore_future_set(future, PROXYSTORE_BYTES, data, 1, &size);
}

int proxystore_future_set_text(proxystore_future* future, char const* text) {
  return call([&] {
    std::size_t const length = std::strlen(&need(text, "a text"));
    future_of(future).set_result(Object::borrow(PROXYSTORE_TEXT, text, 1, &length));
  });
}

int proxystore_future_set_array(proxystore_future* future, proxystore_array* array) {
  return call([&] {
    auto const& target = future_of(future);
    target.set_result(take(array));
  });
}

int proxystore_future_fail(proxystore_future* future, char const* message) {
  return call([&] { future_of(future).set_exception(std::runtime_error(&need(message, "a message"))); });
}

int proxystore_future_done(proxystore_future* future, int* out) {
  return call([&] { need(out, "a place for the answer") = future_of(future).done() ? 1 : 0; });
}

int proxystore_future_wait(proxystore_future* future, double timeout) {
  return call([&] { future_of(future).wait(deadline_in(timeout)); });
}

int proxystore_future_result(proxystore_future* future, double timeout, proxystore_view* out) {
  return call([&] {
    auto& view = need(out, "a place for the view");
    view = future_of(future).result(deadline_in(timeout)).view();
  });
}

int proxystore_future_read(proxystore_future* future, double timeout, int type, void* data, std::size_t size) {
  return call([&] { future_of(future).result(deadline_in(timeout)).read(type, data, size); });
}

int proxystore_future_evict(proxystore_future* future) {
  return call([&] {
    auto const& target = future_of(future);
    target.store().evict(target.key());
  });
}

int proxystore_future_key(proxystore_future const* future, proxystore_key* out) {
  return call([&] { write_key(future_of(future).key().text(), out); });
}

int proxystore_future_serialize(proxystore_future const* future, void* buffer, std::size_t capacity,
                                std::size_t* size) {
  return call([&] { write_bytes(future_of(future), buffer, capacity, size); });
}

int proxystore_future_deserialize(void const* buffer, std::size_t size, proxystore_future** out) {
  return call([&] { give(out, read_bytes<Future<Object>>(buffer, size)); });
}

}  // extern "C"
