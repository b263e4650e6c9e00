/* Futures and proxies in one process: set, failed, waited for, resolved in the background, evicted by the first. */
#include "check.h"

#include <math.h>
#include <pthread.h>

static proxystore_store* store;

static void* set_three(void* future) {
  double const three[3] = {1, 2, 3};
  size_t const shape = 3;
  OK(proxystore_future_set(future, PROXYSTORE_FLOAT64, three, 1, &shape));
  return NULL;
}

static void a_proxy_waits_for_its_producer(void) {
  proxystore_future* future = NULL;
  proxystore_proxy* proxy = NULL;
  proxystore_view view;
  int done = 1, resolved = 1;
  OK(proxystore_future_new(store, PROXYSTORE_ANY_PRODUCER, 0, &future));
  OK(proxystore_proxy_of_future(future, &proxy));
  OK(proxystore_future_done(future, &done));
  OK(proxystore_proxy_is_resolved(proxy, &resolved));
  CHECK(done == 0 && resolved == 0);
  OK(proxystore_proxy_resolve_async(proxy));

  pthread_t producer;
  pthread_create(&producer, NULL, set_three, future);
  OK(proxystore_proxy_resolve(proxy, PATIENCE, &view));
  CHECK(view.type == PROXYSTORE_FLOAT64 && view.shape[0] == 3 && ((double const*)view.data)[2] == 3);
  pthread_join(producer, NULL);
  OK(proxystore_future_done(future, &done));
  OK(proxystore_proxy_is_resolved(proxy, &resolved));
  CHECK(done == 1 && resolved == 1);

  FAILS(PROXYSTORE_ALREADY_SET, "", proxystore_future_set_text(future, "again"));
  OK(proxystore_future_free(&future)); /* the view is the proxy's, too */
  CHECK(((double const*)view.data)[0] == 1);
  double copy[3];
  OK(proxystore_proxy_read(proxy, 0, PROXYSTORE_FLOAT64, copy, sizeof copy));
  CHECK(copy[1] == 2);
  OK(proxystore_proxy_free(&proxy));
}

static void a_wait_ends_in_time(void) {
  proxystore_future* future = NULL;
  proxystore_view view;
  OK(proxystore_future_new(store, PROXYSTORE_ANY_PRODUCER, 0, &future));
  FAILS(PROXYSTORE_TIMEOUT, "futures.c:", proxystore_future_wait(future, 0.01));
  FAILS(PROXYSTORE_TIMEOUT, "futures.c:", proxystore_future_wait(future, 0));
  FAILS(PROXYSTORE_TIMEOUT, "not set yet", proxystore_future_result(future, 0.01, &view));
  FAILS(PROXYSTORE_INVALID_ARGUMENT, "not a number", proxystore_future_wait(future, (double)NAN));
  OK(proxystore_future_set_bytes(future, "x", 1));
  OK(proxystore_future_wait(future, PROXYSTORE_FOREVER));
  char byte = 0;
  OK(proxystore_future_read(future, INFINITY, PROXYSTORE_BYTES, &byte, 1));
  CHECK(byte == 'x');
  OK(proxystore_future_evict(future));
  OK(proxystore_future_free(&future));
}

static void a_failure_arrives_with_its_text(void) {
  proxystore_future* future = NULL;
  proxystore_view view;
  int done = 0;
  OK(proxystore_future_new(store, PROXYSTORE_ANY_PRODUCER, 0, &future));
  OK(proxystore_future_fail(future, "the mesh is tangled"));
  OK(proxystore_future_done(future, &done));
  CHECK(done == 1);
  OK(proxystore_future_wait(future, 0));
  FAILS(PROXYSTORE_REMOTE, "the mesh is tangled", proxystore_future_result(future, 0, &view));
  OK(proxystore_future_free(&future));
}

static void an_array_in_the_store_is_set_where_it_lies(void) {
  size_t const shape = 1000;
  proxystore_future* future = NULL;
  proxystore_array* array = NULL;
  proxystore_view view;
  void* data = NULL;
  OK(proxystore_future_new(store, PROXYSTORE_ANY_PRODUCER, 0, &future));
  OK(proxystore_array_new(store, PROXYSTORE_INT64, 1, &shape, &array));
  OK(proxystore_array_data(array, &data));
  memset(data, 0, 8000);
  OK(proxystore_future_set_array(future, array));
  OK(proxystore_future_result(future, 0, &view));
  CHECK(view.data == data);
  OK(proxystore_array_free(&array));
  OK(proxystore_future_free(&future));
}

static void the_first_that_resolves_takes_the_object(void) {
  proxystore_future* future = NULL;
  proxystore_key key;
  proxystore_view view;
  int exists = 1;
  OK(proxystore_future_new(store, PROXYSTORE_ANY_PRODUCER, PROXYSTORE_EVICT_ON_RESOLVE, &future));
  OK(proxystore_future_key(future, &key));
  OK(proxystore_future_set_text(future, "once"));
  OK(proxystore_future_result(future, 0, &view));
  CHECK(view.type == PROXYSTORE_TEXT && view.size == 4 && memcmp(view.data, "once", 4) == 0);
  OK(proxystore_store_exists(store, &key, &exists));
  CHECK(exists == 0);
  OK(proxystore_future_free(&future));
  FAILS(PROXYSTORE_INVALID_ARGUMENT, "flags", proxystore_future_new(store, PROXYSTORE_ANY_PRODUCER, 2, &future));
  FAILS(PROXYSTORE_INVALID_ARGUMENT, "rank", proxystore_future_new(store, -2, 0, &future));
}

struct lines {
  int count;
  char last[400];
};

static void keep_line(void* context, int is_warning, char const* text) {
  struct lines* lines = context;
  if (is_warning) ++lines->count;
  snprintf(lines->last, sizeof lines->last, "%s", text);
}

static void a_long_wait_is_reported_and_closing_ends_it(void) {
  struct lines lines = {0, ""};
  proxystore_store_options options = PROXYSTORE_STORE_OPTIONS;
  options.stall_report = 0.01;
  options.log = keep_line;
  options.log_context = &lines;
  proxystore_store* other = NULL;
  proxystore_future* future = NULL;
  OK(proxystore_store_open("other", "local:", &options, &other));
  OK(proxystore_future_new(other, PROXYSTORE_ANY_PRODUCER, 0, &future));
  FAILS(PROXYSTORE_TIMEOUT, "", proxystore_future_wait(future, 0.2));
  CHECK(lines.count == 1 && strstr(lines.last, "futures.c:") != NULL);

  char* report = NULL;
  OK(proxystore_store_report(other, &report));
  CHECK(report != NULL && strstr(report, "store 'other'") != NULL);
  proxystore_text_free(report);
  OK(proxystore_store_progress(other));
  OK(proxystore_store_close(other));
  OK(proxystore_store_close(other));
  FAILS(PROXYSTORE_BROKEN_FUTURE, "", proxystore_future_wait(future, PATIENCE));
  FAILS(PROXYSTORE_STORE_CLOSED, "", proxystore_store_progress(other) ? 0 : proxystore_future_set_text(future, "late"));
  OK(proxystore_store_free(&other));
  OK(proxystore_future_free(&future));
  options.stall_report = -1;
  FAILS(PROXYSTORE_INVALID_ARGUMENT, "stall_report", proxystore_store_open("other", "local:", &options, &other));
}

int main(void) {
  OK(proxystore_store_open("futures", "local:", NULL, &store));
  a_proxy_waits_for_its_producer();
  a_wait_ends_in_time();
  a_failure_arrives_with_its_text();
  an_array_in_the_store_is_set_where_it_lies();
  the_first_that_resolves_takes_the_object();
  a_long_wait_is_reported_and_closing_ends_it();
  OK(proxystore_store_free(&store));
  return failures != 0;
}
