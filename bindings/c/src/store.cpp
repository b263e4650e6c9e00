#include "store.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <mutex>

#include <proxystore/connectors/connectors.hpp>

namespace proxystore::c {
namespace {

Store& store_of(proxystore_store* handle) { return *open(handle).store; }

std::chrono::nanoseconds seconds(double value, char const* what) {
  if (!(value >= 0)) throw InvalidArgument(std::string(what) + " is negative, or not a number");
  constexpr double a_century = 3e9;
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::duration<double>(std::min(value, a_century)));
}

}  // namespace

Key key_of(proxystore_key const* given) {
  auto const& key = need(given, "a key");
  auto const length = strnlen(key.text, sizeof key.text);
  if (length == 0 || length == sizeof key.text)
    throw InvalidArgument("this is no key (it is empty, or not ended by a zero)");
  return Key(std::string(key.text, length));
}

StoreOptions options_of(proxystore_store_options const* given) {
  StoreOptions options;
  if (!given) return options;
  options.stall_report = seconds(given->stall_report, "stall_report");
  options.deadlock_check = seconds(given->deadlock_check, "deadlock_check");
  if (given->log)
    options.log = [log = given->log, context = given->log_context](LogLevel level, std::string_view line) {
      log(context, level == LogLevel::warning, std::string(line).c_str());
    };
  return options;
}

void know_connectors() {
  static std::once_flag once;
  std::call_once(once, [] { register_connectors(); });
}

void give_store(proxystore_store** out, Store store) { give(out, std::make_shared<Store>(std::move(store))); }

}  // namespace proxystore::c

using namespace proxystore::c;
using proxystore::Store;

extern "C" {

int proxystore_store_open(char const* name, char const* connector, proxystore_store_options const* options,
                          proxystore_store** out) {
  return call([&] {
    need(out, "a place for the handle");
    know_connectors();
    give_store(out, Store::open(&need(name, "a name"), std::string_view(&need(connector, "a connector text")),
                                options_of(options)));
  });
}

int proxystore_store_copy(proxystore_store const* store, proxystore_store** out) {
  return call([&] { give(out, open(store).store); });
}

int proxystore_store_close(proxystore_store* store) {
  return call([&] { store_of(store).close(); });
}

int proxystore_store_free(proxystore_store** store) {
  return call([&] {
    auto*& handle = need(store, "the address of a handle");
    if (!handle) return;
    open(handle).mark.word = 0;
    std::unique_ptr<proxystore_store> const last(std::exchange(handle, nullptr));
    if (last->store.use_count() == 1) last->store->close();  // whose error the destructor would keep
  });
}

int proxystore_store_progress(proxystore_store* store) {
  return call([&] { store_of(store).progress(); });
}

int proxystore_store_report(proxystore_store* store, char** out) {
  return call([&] {
    auto*& place = need(out, "a place for the text");
    auto const report = store_of(store).report();
    char* const text = strdup(report.c_str());
    if (!text) throw std::bad_alloc();
    place = text;
  });
}

void proxystore_text_free(char* text) { std::free(text); }

int proxystore_store_put(proxystore_store* store, int type, void const* data, int rank, std::size_t const* shape,
                         proxystore_key* out) {
  return call([&] {
    need(out, "a place for the key");
    write_key(store_of(store).put(Object::borrow(type, data, rank, shape)).text(), out);
  });
}

int proxystore_store_put_bytes(proxystore_store* store, void const* data, std::size_t size, proxystore_key* out) {
  return proxystore_store_put(store, PROXYSTORE_BYTES, data, 1, &size, out);
}

int proxystore_store_put_array(proxystore_store* store, proxystore_array* array, proxystore_key* out) {
  return call([&] {
    need(out, "a place for the key");
    auto& into = store_of(store);
    write_key(into.put(take(array)).text(), out);
  });
}

int proxystore_store_get(proxystore_store* store, proxystore_key const* key, proxystore_proxy** out) {
  return call([&] {
    need(out, "a place for the handle");
    auto proxy = store_of(store).proxy_from_key<Object>(key_of(key));
    proxy.resolve();
    give(out, std::move(proxy));
  });
}

int proxystore_store_exists(proxystore_store* store, proxystore_key const* key, int* out) {
  return call([&] { need(out, "a place for the answer") = store_of(store).exists(key_of(key)) ? 1 : 0; });
}

int proxystore_store_evict(proxystore_store* store, proxystore_key const* key) {
  return call([&] { store_of(store).evict(key_of(key)); });
}

int proxystore_proxy_of_key(proxystore_store* store, proxystore_key const* key, int flags, proxystore_proxy** out) {
  return call(
      [&] { give(out, store_of(store).proxy_from_key<Object>(key_of(key), {.evict_on_resolve = evicts(flags)})); });
}

int proxystore_future_new_at(proxystore_store* store, int producer, int flags, char const* file, int line,
                             proxystore_future** out) {
  return call([&] {
    need(out, "a place for the handle");
    proxystore::FutureOptions const options{.producer = producer_of(producer), .evict_on_resolve = evicts(flags)};
    give(out, store_of(store).future<Object>(options, {keep_name(file), line}));
  });
}

int proxystore_array_new(proxystore_store* store, int type, int rank, std::size_t const* shape,
                         proxystore_array** out) {
  return call([&] {
    need(out, "a place for the handle");
    give(out, std::optional(Object::allocate(type, rank, shape, store_of(store).connector())));
  });
}

int proxystore_array_data(proxystore_array* array, void** out) {
  return call([&] {
    auto& object = open(array).object;
    need(out, "a place for the pointer") = object ? object->writable() : nullptr;
  });
}

int proxystore_array_free(proxystore_array** array) { return release(array); }

}  // extern "C"
