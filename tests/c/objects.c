/* Objects by key: bytes, text, arrays of every type; what is asked for wrongly. */
#include "check.h"

#include <stdint.h>
#include <stdlib.h>

static proxystore_store* store;

static void bytes_and_text_come_back(void) {
  proxystore_key key;
  proxystore_proxy* proxy = NULL;
  proxystore_view view;
  OK(proxystore_store_put_bytes(store, "a\0b", 3, &key));
  OK(proxystore_store_get(store, &key, &proxy));
  OK(proxystore_proxy_resolve(proxy, 0, &view));
  CHECK(view.type == PROXYSTORE_BYTES && view.rank == 1 && view.shape[0] == 3 && view.size == 3);
  CHECK(memcmp(view.data, "a\0b", 3) == 0);
  OK(proxystore_proxy_free(&proxy));

  size_t const length = 5;
  OK(proxystore_store_put(store, PROXYSTORE_TEXT, "hello", 1, &length, &key));
  OK(proxystore_store_get(store, &key, &proxy));
  char text[5];
  OK(proxystore_proxy_read(proxy, 0, PROXYSTORE_TEXT, text, sizeof text));
  CHECK(memcmp(text, "hello", 5) == 0);
  OK(proxystore_proxy_free(&proxy));
}

static void arrays_of_every_type_come_back(void) {
  char data[6 * 16];
  memset(data, 1, sizeof data); /* which is true, too */
  size_t const shape[2] = {2, 3};
  for (int type = PROXYSTORE_BOOL; type <= PROXYSTORE_COMPLEX128; ++type) {
    proxystore_key key;
    proxystore_proxy* proxy = NULL;
    proxystore_view view;
    OK(proxystore_store_put(store, type, data, 2, shape, &key));
    OK(proxystore_store_get(store, &key, &proxy));
    OK(proxystore_proxy_resolve(proxy, 0, &view));
    CHECK(view.type == type && view.rank == 2 && view.shape[0] == 2 && view.shape[1] == 3);
    CHECK(view.size == 6 * proxystore_type_size(type) && memcmp(view.data, data, view.size) == 0);
    size_t const element = proxystore_type_size(type);
    CHECK((uintptr_t)view.data % (element > 8 ? 8 : element) == 0);
    OK(proxystore_proxy_free(&proxy));
  }
  CHECK(proxystore_type_size(99) == 0 && strcmp(proxystore_type_name(99), "?") == 0);
  CHECK(strcmp(proxystore_type_name(PROXYSTORE_COMPLEX128), "COMPLEX128") == 0);
}

static void numbers_and_empty_arrays_come_back(void) {
  double const pi = 3.14;
  proxystore_key key;
  proxystore_proxy* proxy = NULL;
  proxystore_view view;
  OK(proxystore_store_put(store, PROXYSTORE_FLOAT64, &pi, 0, NULL, &key));
  OK(proxystore_store_get(store, &key, &proxy));
  OK(proxystore_proxy_resolve(proxy, 0, &view));
  CHECK(view.rank == 0 && view.size == sizeof pi && *(double const*)view.data == pi);
  OK(proxystore_proxy_free(&proxy));

  size_t const none[3] = {4, 0, 2};
  OK(proxystore_store_put(store, PROXYSTORE_INT32, NULL, 3, none, &key));
  OK(proxystore_store_get(store, &key, &proxy));
  OK(proxystore_proxy_resolve(proxy, 0, &view));
  CHECK(view.rank == 3 && view.size == 0 && view.shape[0] == 4);
  OK(proxystore_proxy_read(proxy, 0, PROXYSTORE_INT32, NULL, 0));
  OK(proxystore_proxy_free(&proxy));
}

static void an_array_in_the_store_is_published_where_it_lies(void) {
  size_t const shape[2] = {100, 10};
  proxystore_array* array = NULL;
  void* data = NULL;
  OK(proxystore_array_new(store, PROXYSTORE_FLOAT32, 2, shape, &array));
  OK(proxystore_array_data(array, &data));
  CHECK(data != NULL && (uintptr_t)data % 64 == 0);
  for (int i = 0; i < 1000; ++i) ((float*)data)[i] = (float)i;

  proxystore_key key;
  proxystore_proxy* proxy = NULL;
  proxystore_view view;
  OK(proxystore_store_put_array(store, array, &key));
  OK(proxystore_store_get(store, &key, &proxy));
  OK(proxystore_proxy_resolve(proxy, 0, &view));
  CHECK(view.data == data && ((float const*)view.data)[999] == 999);

  FAILS(PROXYSTORE_INVALID_ARGUMENT, "empty", proxystore_store_put_array(store, array, &key));
  OK(proxystore_array_data(array, &data));
  CHECK(data == NULL);
  OK(proxystore_array_free(&array));
  CHECK(array == NULL);
  OK(proxystore_array_free(&array));
  OK(proxystore_proxy_free(&proxy));
}

static void an_evicted_object_is_gone_and_its_views_stay(void) {
  int const numbers[3] = {1, 2, 3};
  size_t const shape = 3;
  proxystore_key key;
  proxystore_proxy *proxy = NULL, *late = NULL;
  proxystore_view view;
  int exists = 0;
  OK(proxystore_store_put(store, PROXYSTORE_INT32, numbers, 1, &shape, &key));
  OK(proxystore_store_exists(store, &key, &exists));
  CHECK(exists == 1);
  OK(proxystore_store_get(store, &key, &proxy));
  OK(proxystore_proxy_resolve(proxy, 0, &view));
  OK(proxystore_proxy_of_key(store, &key, 0, &late));
  OK(proxystore_proxy_evict(proxy));
  OK(proxystore_store_evict(store, &key));
  OK(proxystore_store_exists(store, &key, &exists));
  CHECK(exists == 0 && ((int const*)view.data)[2] == 3);

  proxystore_proxy* none = NULL;
  FAILS(PROXYSTORE_NOT_FOUND, key.text, proxystore_store_get(store, &key, &none));
  CHECK(none == NULL);
  FAILS(PROXYSTORE_NOT_FOUND, "evicted", proxystore_proxy_resolve(late, 1, &view));
  OK(proxystore_proxy_free(&proxy));
  OK(proxystore_proxy_free(&late));
}

static void what_cannot_be_an_object_is_refused(void) {
  double const data[4] = {0};
  size_t const shape[2] = {2, 2};
  size_t const huge[2] = {SIZE_MAX, SIZE_MAX};
  proxystore_key key;
  FAILS(PROXYSTORE_INVALID_ARGUMENT, "type 7", proxystore_store_put(store, 7, data, 2, shape, &key));
  FAILS(PROXYSTORE_INVALID_ARGUMENT, "rank 65", proxystore_store_put(store, PROXYSTORE_FLOAT64, data, 65, shape, &key));
  FAILS(PROXYSTORE_INVALID_ARGUMENT, "rank -1", proxystore_store_put(store, PROXYSTORE_FLOAT64, data, -1, shape, &key));
  FAILS(PROXYSTORE_INVALID_ARGUMENT, "rank 2", proxystore_store_put(store, PROXYSTORE_BYTES, data, 2, shape, &key));
  FAILS(PROXYSTORE_INVALID_ARGUMENT, "shape", proxystore_store_put(store, PROXYSTORE_FLOAT64, data, 2, NULL, &key));
  FAILS(PROXYSTORE_INVALID_ARGUMENT, "data", proxystore_store_put(store, PROXYSTORE_FLOAT64, NULL, 2, shape, &key));
  FAILS(PROXYSTORE_INVALID_ARGUMENT, "too large", proxystore_store_put(store, PROXYSTORE_FLOAT64, data, 2, huge, &key));
  FAILS(PROXYSTORE_INVALID_ARGUMENT, "other bytes", proxystore_store_put(store, PROXYSTORE_BOOL, "\2", 0, NULL, &key));
  proxystore_array* array = NULL;
  FAILS(PROXYSTORE_INVALID_ARGUMENT, "TEXT", proxystore_array_new(store, PROXYSTORE_TEXT, 1, shape, &array));
  proxystore_key bad;
  memset(&bad, 'x', sizeof bad);
  int exists = 0;
  FAILS(PROXYSTORE_INVALID_ARGUMENT, "no key", proxystore_store_exists(store, &bad, &exists));
}

static void an_object_is_read_as_what_it_is(void) {
  double const data[2] = {1, 2};
  float wrong[2];
  double right[3];
  size_t const shape = 2;
  proxystore_key key;
  proxystore_proxy* proxy = NULL;
  OK(proxystore_store_put(store, PROXYSTORE_FLOAT64, data, 1, &shape, &key));
  OK(proxystore_store_get(store, &key, &proxy));
  FAILS(PROXYSTORE_INVALID_ARGUMENT, "the object is FLOAT64, it was asked for as FLOAT32",
        proxystore_proxy_read(proxy, 0, PROXYSTORE_FLOAT32, wrong, sizeof wrong));
  FAILS(PROXYSTORE_INVALID_ARGUMENT, "16 bytes, there is room for 24",
        proxystore_proxy_read(proxy, 0, PROXYSTORE_FLOAT64, right, sizeof right));
  OK(proxystore_proxy_read(proxy, 0, PROXYSTORE_FLOAT64, right, sizeof data));
  CHECK(right[1] == 2);
  OK(proxystore_proxy_free(&proxy));
}

/* usage: objects CONNECTOR */
int main(int argc, char** argv) {
  OK(proxystore_store_open("objects", argc > 1 ? argv[1] : "local:", NULL, &store));
  if (store == NULL) return 1;
  bytes_and_text_come_back();
  arrays_of_every_type_come_back();
  numbers_and_empty_arrays_come_back();
  if (argc == 1) an_array_in_the_store_is_published_where_it_lies();
  an_evicted_object_is_gone_and_its_views_stay();
  what_cannot_be_an_object_is_refused();
  an_object_is_read_as_what_it_is();
  OK(proxystore_store_free(&store));
  return failures != 0;
}
