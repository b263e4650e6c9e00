/* What the C tests say: a check that does not hold tells where, and the program fails in the end. */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <string.h>

#include <proxystore/c/proxystore.h>

static int failures = 0;

#define CHECK(condition)                                                      \
  do {                                                                        \
    if (!(condition)) {                                                       \
      fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
      ++failures;                                                             \
    }                                                                         \
  } while (0)

#define OK(call) check_code((call), PROXYSTORE_OK, "", #call, __FILE__, __LINE__)
/* The call fails with this code, and its text contains this. */
#define FAILS(code, text, call) check_code((call), code, text, #call, __FILE__, __LINE__)

static inline void check_code(int got, int wanted, char const* text, char const* call, char const* file, int line) {
  if (got == wanted && (got == PROXYSTORE_OK || strstr(proxystore_last_error(), text) != NULL)) return;
  fprintf(stderr, "%s:%d: %s is %s (%s), not %s with '%s'\n", file, line, call, proxystore_code_name(got),
          got == PROXYSTORE_OK ? "" : proxystore_last_error(), proxystore_code_name(wanted), text);
  ++failures;
}

/* Seconds that no test needs. */
#define PATIENCE 20.0

#endif
