/* Handles: NULL and the wrong ones are errors, copies are the same thing, bytes of them arrive. */
#include "check.h"

#include <pthread.h>

static proxystore_store* store;
static proxystore_future* future;
static proxystore_proxy* proxy;

#define REFUSED(text, call) FAILS(PROXYSTORE_INVALID_ARGUMENT, text, call)

static void null_is_an_error(void) {
  proxystore_key key = {"k"};
  proxystore_view view;
  int flag = 0;
  size_t size = 0;
  void* data = NULL;
  proxystore_store* none = NULL;
  REFUSED("a name", proxystore_store_open(NULL, "local:", NULL, &none));
  REFUSED("a connector text", proxystore_store_open("x", NULL, NULL, &none));
  REFUSED("a place", proxystore_store_open("x", "local:", NULL, NULL));
  REFUSED("a store", proxystore_store_copy(NULL, &none));
  REFUSED("a store", proxystore_store_close(NULL));
  REFUSED("the address", proxystore_store_free(NULL));
  REFUSED("a store", proxystore_store_progress(NULL));
  REFUSED("a place", proxystore_store_report(store, NULL));
  REFUSED("a place", proxystore_store_put_bytes(store, "x", 1, NULL));
  REFUSED("a store", proxystore_store_put_bytes(NULL, "x", 1, &key));
  REFUSED("a key", proxystore_store_get(store, NULL, &proxy));
  REFUSED("a place", proxystore_store_exists(store, &key, NULL));
  REFUSED("a store", proxystore_store_evict(NULL, &key));
  REFUSED("an array", proxystore_array_data(NULL, &data));
  REFUSED("an array", proxystore_store_put_array(store, NULL, &key));
  REFUSED("a place", proxystore_future_new(store, PROXYSTORE_ANY_PRODUCER, 0, NULL));
  REFUSED("a future", proxystore_future_set_text(NULL, "x"));
  REFUSED("a text", proxystore_future_set_text(future, NULL));
  REFUSED("data", proxystore_future_set_bytes(future, NULL, 1));
  REFUSED("an array", proxystore_future_set_array(future, NULL));
  REFUSED("a message", proxystore_future_fail(future, NULL));
  REFUSED("a place", proxystore_future_done(future, NULL));
  REFUSED("a future", proxystore_future_wait(NULL, 0));
  REFUSED("a place", proxystore_future_result(future, 0, NULL));
  REFUSED("a future", proxystore_future_key(NULL, &key));
  REFUSED("a place", proxystore_future_serialize(future, NULL, 0, NULL));
  REFUSED("the bytes", proxystore_future_deserialize(NULL, 5, &future));
  REFUSED("a future", proxystore_proxy_of_future(NULL, &proxy));
  REFUSED("a proxy", proxystore_proxy_resolve(NULL, 0, &view));
  REFUSED("a proxy", proxystore_proxy_is_resolved(NULL, &flag));
  REFUSED("a proxy", proxystore_proxy_resolve_async(NULL));
  REFUSED("a proxy", proxystore_proxy_serialize(NULL, NULL, 0, &size));
  proxystore_text_free(NULL);
  CHECK(none == NULL);
}

static void another_handle_is_an_error(void) {
  proxystore_view view;
  REFUSED("a future is needed", proxystore_future_wait((proxystore_future*)proxy, 0));
  REFUSED("a proxy is needed", proxystore_proxy_resolve((proxystore_proxy*)store, 0, &view));
  REFUSED("a store is needed", proxystore_store_close((proxystore_store*)future));
  void* wrong = proxy;
  REFUSED("a future is needed", proxystore_future_free((proxystore_future**)&wrong));
  CHECK(wrong == proxy);
}

static void copies_are_the_same(void) {
  proxystore_store* same = NULL;
  proxystore_future *original = NULL, *copy = NULL;
  proxystore_proxy *one = NULL, *other = NULL;
  proxystore_view view, again;
  OK(proxystore_store_copy(store, &same));
  OK(proxystore_future_new(same, PROXYSTORE_ANY_PRODUCER, 0, &original));
  OK(proxystore_store_free(&same)); /* not the last: stays open */
  OK(proxystore_future_copy(original, &copy));
  OK(proxystore_future_set_text(copy, "a text that is too long to be kept inside of a small object"));
  OK(proxystore_future_free(&copy));
  OK(proxystore_proxy_of_future(original, &one));
  OK(proxystore_proxy_copy(one, &other));
  OK(proxystore_proxy_resolve(one, 0, &view));
  OK(proxystore_proxy_free(&one));
  OK(proxystore_proxy_resolve(other, 0, &again));
  CHECK(view.data == again.data);
  OK(proxystore_proxy_free(&other));
  OK(proxystore_future_free(&original));
}

static void bytes_of_handles_arrive(void) {
  char bytes[1000];
  size_t size = 0, asked = 0;
  proxystore_future* arrived = NULL;
  proxystore_proxy* stands = NULL;
  OK(proxystore_future_serialize(future, NULL, 0, &asked));
  REFUSED("there is room for 3", proxystore_future_serialize(future, bytes, 3, &size));
  OK(proxystore_future_serialize(future, bytes, sizeof bytes, &size));
  CHECK(size == asked && size < 300);
  OK(proxystore_future_deserialize(bytes, size, &arrived));
  OK(proxystore_future_set_text(arrived, "from afar"));
  OK(proxystore_proxy_serialize(proxy, bytes, sizeof bytes, &size));
  OK(proxystore_proxy_deserialize(bytes, size, &stands));
  char text[9];
  OK(proxystore_proxy_read(stands, PATIENCE, PROXYSTORE_TEXT, text, sizeof text));
  CHECK(memcmp(text, "from afar", 9) == 0);
  OK(proxystore_future_free(&arrived));
  OK(proxystore_proxy_free(&stands));

  FAILS(PROXYSTORE_CORRUPT_OBJECT, "", proxystore_future_deserialize(bytes, size - 1, &arrived));
  FAILS(PROXYSTORE_CORRUPT_OBJECT, "", proxystore_proxy_deserialize("rubbish", 7, &stands));
  CHECK(arrived == NULL && stands == NULL);
}

static void* look_at_the_error(void* empty) {
  *(int*)empty = strcmp(proxystore_last_error(), "") == 0;
  return NULL;
}

static void errors_are_of_their_thread(void) {
  int empty = 0;
  REFUSED("a store", proxystore_store_close(NULL));
  pthread_t thread;
  pthread_create(&thread, NULL, look_at_the_error, &empty);
  pthread_join(thread, NULL);
  CHECK(empty == 1 && strstr(proxystore_last_error(), "a store") != NULL);
}

static void codes_have_names(void) {
  CHECK(strcmp(proxystore_code_name(PROXYSTORE_OK), "ok") == 0);
  CHECK(strcmp(proxystore_code_name(PROXYSTORE_NOT_FOUND), "not_found") == 0);
  CHECK(strcmp(proxystore_code_name(PROXYSTORE_NO_MEMORY), "no_memory") == 0);
  CHECK(strcmp(proxystore_code_name(-3), "unknown") == 0);
  for (int code = PROXYSTORE_INVALID_ARGUMENT; code <= PROXYSTORE_DEADLOCK; ++code)
    CHECK(strcmp(proxystore_code_name(code), "unknown") != 0);
  CHECK(strlen(proxystore_version()) >= 5);
}

int main(void) {
  CHECK(strcmp(proxystore_last_error(), "") == 0);
  OK(proxystore_store_open("handles", "local:", NULL, &store));
  FAILS(PROXYSTORE_STORE_EXISTS, "handles", proxystore_store_open("handles", "local:", NULL, &store));
  proxystore_store* none = NULL;
  FAILS(PROXYSTORE_BAD_CONFIG, "telepathy", proxystore_store_open("x", "telepathy:", NULL, &none));
  FAILS(PROXYSTORE_BAD_CONFIG, "", proxystore_store_open("x", "", NULL, &none));
  OK(proxystore_future_new(store, PROXYSTORE_ANY_PRODUCER, 0, &future));
  OK(proxystore_proxy_of_future(future, &proxy));
  null_is_an_error();
  another_handle_is_an_error();
  copies_are_the_same();
  bytes_of_handles_arrive();
  errors_are_of_their_thread();
  codes_have_names();
  OK(proxystore_store_free(&store));
  OK(proxystore_future_free(&future));
  OK(proxystore_proxy_free(&proxy));
  return failures != 0;
}
