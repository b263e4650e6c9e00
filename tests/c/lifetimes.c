/* Lifetimes: what is put under one goes when it ends. */
#include "check.h"

static proxystore_store* store;

static int exists(proxystore_key const* key) {
  int there = -1;
  OK(proxystore_store_exists(store, key, &there));
  return there;
}

static void a_scope_evicts_what_was_put_under_it(void) {
  proxystore_lifetime* step = NULL;
  proxystore_key keys[3];
  proxystore_future* future = NULL;
  proxystore_proxy* proxy = NULL;
  int done = 1;
  OK(proxystore_lifetime_new(store, &step));
  OK(proxystore_store_put_bytes(store, "a", 1, &keys[0]));
  OK(proxystore_store_put_bytes(store, "b", 1, &keys[1]));
  OK(proxystore_future_new(store, PROXYSTORE_ANY_PRODUCER, 0, &future));
  OK(proxystore_future_key(future, &keys[2]));
  OK(proxystore_proxy_of_key(store, &keys[1], 0, &proxy));
  OK(proxystore_lifetime_add_key(step, &keys[0]));
  OK(proxystore_lifetime_add_proxy(step, proxy));
  OK(proxystore_lifetime_add_future(step, future));
  OK(proxystore_future_set_text(future, "c"));
  OK(proxystore_lifetime_done(step, &done));
  CHECK(done == 0 && exists(&keys[0]) && exists(&keys[1]) && exists(&keys[2]));
  OK(proxystore_lifetime_free(&step));
  CHECK(!exists(&keys[0]) && !exists(&keys[1]) && !exists(&keys[2]));
  OK(proxystore_future_free(&future));
  OK(proxystore_proxy_free(&proxy));
}

static void a_lifetime_is_closed_once_and_takes_no_more(void) {
  proxystore_lifetime* step = NULL;
  proxystore_key key;
  int done = 0;
  OK(proxystore_lifetime_new(store, &step));
  OK(proxystore_store_put_bytes(store, "a", 1, &key));
  OK(proxystore_lifetime_add_key(step, &key));
  OK(proxystore_lifetime_close(step));
  OK(proxystore_lifetime_close(step));
  OK(proxystore_lifetime_done(step, &done));
  CHECK(done == 1 && !exists(&key));
  FAILS(PROXYSTORE_INVALID_ARGUMENT, "", proxystore_lifetime_add_key(step, &key));
  FAILS(PROXYSTORE_INVALID_ARGUMENT, "no lease", proxystore_lifetime_extend(step, 1));
  OK(proxystore_lifetime_free(&step));

  proxystore_future* once = NULL;
  OK(proxystore_future_new(store, PROXYSTORE_ANY_PRODUCER, PROXYSTORE_EVICT_ON_RESOLVE, &once));
  OK(proxystore_lifetime_new(store, &step));
  FAILS(PROXYSTORE_INVALID_ARGUMENT, "evicted on resolve", proxystore_lifetime_add_future(step, once));
  OK(proxystore_lifetime_free(&step));
  OK(proxystore_future_free(&once));
}

/* Waits for the lease by waiting for a future under it, which its end breaks. */
static void a_lease_ends_in_time(void) {
  proxystore_lifetime *lease = NULL, *none = NULL;
  proxystore_future* future = NULL;
  int done = 1;
  OK(proxystore_lifetime_lease(store, 1000, &lease));
  OK(proxystore_lifetime_extend(lease, 1000));
  OK(proxystore_lifetime_done(lease, &done));
  CHECK(done == 0);
  OK(proxystore_lifetime_close(lease));
  OK(proxystore_lifetime_free(&lease));

  OK(proxystore_future_new(store, PROXYSTORE_ANY_PRODUCER, 0, &future));
  OK(proxystore_lifetime_lease(store, 0.05, &lease));
  OK(proxystore_lifetime_add_future(lease, future));
  FAILS(PROXYSTORE_NOT_FOUND, "", proxystore_future_wait(future, PATIENCE));
  OK(proxystore_lifetime_free(&lease));
  OK(proxystore_future_free(&future));
  FAILS(PROXYSTORE_INVALID_ARGUMENT, "negative", proxystore_lifetime_lease(store, -1, &none));
}

static void a_static_one_lasts_until_the_store_closes(void) {
  proxystore_store* other = NULL;
  proxystore_lifetime* all = NULL;
  proxystore_key key;
  int there = 0;
  OK(proxystore_store_open("other", "local:", NULL, &other));
  OK(proxystore_store_put_bytes(other, "a", 1, &key));
  OK(proxystore_lifetime_static(other, &all));
  OK(proxystore_lifetime_add_key(all, &key));
  OK(proxystore_lifetime_free(&all));
  OK(proxystore_store_exists(other, &key, &there));
  CHECK(there == 1);
  OK(proxystore_store_free(&other));
  FAILS(PROXYSTORE_INVALID_ARGUMENT, "a lifetime", proxystore_lifetime_close(NULL));
  FAILS(PROXYSTORE_INVALID_ARGUMENT, "a lifetime", proxystore_lifetime_close((proxystore_lifetime*)store));
}

int main(void) {
  OK(proxystore_store_open("lifetimes", "local:", NULL, &store));
  a_scope_evicts_what_was_put_under_it();
  a_lifetime_is_closed_once_and_takes_no_more();
  a_lease_ends_in_time();
  a_static_one_lasts_until_the_store_closes();
  OK(proxystore_store_free(&store));
  return failures != 0;
}
