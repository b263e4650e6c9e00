/* Uses an installed proxystore from C, in one process. */
#include <stdio.h>

#include <proxystore/c/proxystore.h>

int main(void) {
  proxystore_store* store = NULL;
  proxystore_future* future = NULL;
  double const numbers[3] = {1, 2, 3};
  double copy[3] = {0};
  size_t const shape = 3;
  int const wrong = proxystore_store_open("consumer", "telepathy:", NULL, &store);
  int const failed = proxystore_store_open("consumer", "local:", NULL, &store) ||
                     proxystore_future_new(store, PROXYSTORE_ANY_PRODUCER, 0, &future) ||
                     proxystore_future_set(future, PROXYSTORE_FLOAT64, numbers, 1, &shape) ||
                     proxystore_future_read(future, 10, PROXYSTORE_FLOAT64, copy, sizeof copy) ||
                     proxystore_future_free(&future) || proxystore_store_free(&store);
  if (failed || wrong != PROXYSTORE_BAD_CONFIG || copy[2] != 3) {
    fprintf(stderr, "%s\n", proxystore_last_error());
    return 1;
  }
  printf("proxystore %s works from C\n", proxystore_version());
  return 0;
}
