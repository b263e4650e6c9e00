/** @file
 * proxystore for C: futures and proxies of objects between the ranks and jobs of a code.
 *
 * 1. Every call returns PROXYSTORE_OK or one of the codes below; proxystore_last_error() then has the text. Nothing
 *    aborts, prints or throws. A call that fails leaves its out-arguments as they were.
 * 2. Handles are made by calls with an `out` argument, and given back by the _free() of their type, which takes the
 *    address of the handle and makes it NULL; of a NULL handle it does nothing. In any order.
 * 3. A NULL that is not allowed, or a handle of another type, is PROXYSTORE_INVALID_ARGUMENT. A handle that was freed
 *    through another variable cannot be told from a good one.
 * 4. Any thread may call anything at any time, but _free() only where no other call uses the handle. With MPI see
 *    proxystore_mpi.h.
 * 5. Times are seconds. A negative timeout (PROXYSTORE_FOREVER) waits for ever, zero looks once.
 * 6. Arrays are contiguous and in C order: shape[0] runs slowest. Their bytes are NumPy's .npy, so C, C++, Fortran and
 *    Python read the same object.
 * 7. A proxystore_view is memory of the library, valid as the call that made it says, and must not be written.
 */
#ifndef PROXYSTORE_C_PROXYSTORE_H
#define PROXYSTORE_C_PROXYSTORE_H

#include <stddef.h>

/** Marks what the library exports. */
#define PROXYSTORE_API __attribute__((visibility("default")))

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Errors */

/** What a call returns. */
enum proxystore_code {
  PROXYSTORE_OK = 0,
  PROXYSTORE_INVALID_ARGUMENT = 1, /**< an argument that cannot mean anything */
  PROXYSTORE_BAD_CONFIG = 2,       /**< a connector text, kind or option that is not understood */
  PROXYSTORE_CONNECTOR = 3,        /**< the medium failed: MPI, the file system, a server */
  PROXYSTORE_STORE_EXISTS = 4,     /**< a store of that name is open in this process */
  PROXYSTORE_STORE_CLOSED = 5,
  PROXYSTORE_UNKNOWN_STORE = 6,  /**< a handle arrived whose store is not open here and cannot be opened */
  PROXYSTORE_NOT_FOUND = 7,      /**< never put, or evicted */
  PROXYSTORE_NOT_DEFERRABLE = 8, /**< a future on a connector that cannot name an object before it exists */
  PROXYSTORE_ALREADY_SET = 9,    /**< the first result stays */
  PROXYSTORE_TIMEOUT = 10,       /**< the future stays pending and may be waited for again */
  PROXYSTORE_REMOTE = 11,        /**< the producer failed */
  PROXYSTORE_BROKEN_FUTURE = 12, /**< will never be set: the store was closed, or its producer is gone */
  PROXYSTORE_CORRUPT_OBJECT = 13,
  PROXYSTORE_STORE_FULL = 14,
  PROXYSTORE_DEADLOCK = 15, /**< ranks wait for each other in a ring, which the text tells */
  PROXYSTORE_NO_MEMORY = 100,
  PROXYSTORE_UNEXPECTED = 101 /**< an exception that is not the library's; the text says which */
};

/** Of this thread's last call that failed: problem (why) suggestion. "" if none has. Valid until the next fails. */
PROXYSTORE_API char const* proxystore_last_error(void);
/** The code in small letters without its prefix: "not_found". "unknown" for any other number. */
PROXYSTORE_API char const* proxystore_code_name(int code);
/** "0.1.0" */
PROXYSTORE_API char const* proxystore_version(void);

/* ---- Objects */

/** What an object is: bytes, text, or an array of elements of one of these types. */
enum proxystore_type {
  PROXYSTORE_BYTES = 1, /**< std::vector<std::byte> or Bytes in C++, bytes in Python */
  PROXYSTORE_TEXT = 2,  /**< UTF-8; std::string, str */
  PROXYSTORE_BOOL = 10, /**< arrays from here on; one byte, 0 or 1 */
  PROXYSTORE_INT8 = 11,
  PROXYSTORE_INT16 = 12,
  PROXYSTORE_INT32 = 13,
  PROXYSTORE_INT64 = 14,
  PROXYSTORE_UINT8 = 15,
  PROXYSTORE_UINT16 = 16,
  PROXYSTORE_UINT32 = 17,
  PROXYSTORE_UINT64 = 18,
  PROXYSTORE_FLOAT32 = 19,
  PROXYSTORE_FLOAT64 = 20,
  PROXYSTORE_COMPLEX64 = 21, /**< two FLOAT32 */
  PROXYSTORE_COMPLEX128 = 22
};

/** Of one element, in bytes; 0 for a number that is no type. */
PROXYSTORE_API size_t proxystore_type_size(int type);
/** "FLOAT64"; "?" for a number that is no type. */
PROXYSTORE_API char const* proxystore_type_name(int type);

/** An object in place. Rank 0 is one number: a double of C++ too. Bytes and text have rank 1 and are not aligned;
 * text does not end with a zero. */
typedef struct proxystore_view {
  void const* data;
  size_t size;         /**< in bytes */
  int type;            /**< enum proxystore_type */
  int rank;            /**< 0 to 64 */
  size_t const* shape; /**< rank extents */
} proxystore_view;

/** The key of an object: a value, copied and sent as it is (sizeof bytes). */
typedef struct proxystore_key {
  char text[256]; /**< ends with a zero */
} proxystore_key;

/* ---- Stores */

/** Objects by key in some medium. */
typedef struct proxystore_store proxystore_store;
/** A promise of an object. */
typedef struct proxystore_future proxystore_future;
/** Stands for an object, which need not exist yet. */
typedef struct proxystore_proxy proxystore_proxy;
/** Memory of a store for one array, to be written and then published. */
typedef struct proxystore_array proxystore_array;

/** As a timeout: none. */
#define PROXYSTORE_FOREVER (-1.0)

/** Receives a line of text without its end, from whichever thread waits; must not wait for the store. */
typedef void (*proxystore_log)(void* context, int is_warning, char const* text);

/** How a store reports. */
typedef struct proxystore_store_options {
  double stall_report;   /**< a wait longer than this is reported once; 0: never */
  double deadlock_check; /**< how often a long wait looks for a ring of waits; 0: never */
  proxystore_log log;    /**< NULL: stderr if the environment has PROXYSTORE_LOG=stderr, else nothing */
  void* log_context;
} proxystore_store_options;

/** The defaults, to be changed. */
#define PROXYSTORE_STORE_OPTIONS \
  { 30.0, 1.0, NULL, NULL }

/** From text: "local:", "file:///scratch/run7", "redis://host:6379/0"; kinds that were built. `options` may be NULL.
 * With a communicator: proxystore_mpi.h. */
PROXYSTORE_API int proxystore_store_open(char const* name, char const* connector,
                                         proxystore_store_options const* options, proxystore_store** out);
/** Another handle of the same store. */
PROXYSTORE_API int proxystore_store_copy(proxystore_store const* store, proxystore_store** out);
/** Collective where opening was. Idempotent. Waiters get PROXYSTORE_BROKEN_FUTURE; views stay valid. */
PROXYSTORE_API int proxystore_store_close(proxystore_store* store);
/** Closes too, with the last handle of a store. */
PROXYSTORE_API int proxystore_store_free(proxystore_store** store);
/** Serves other processes for a moment, in a code that computes long without calling the store. Never blocks. */
PROXYSTORE_API int proxystore_store_progress(proxystore_store* store);
/** What is open, in which state, and who waits here for what: text to be given back by proxystore_text_free(). */
PROXYSTORE_API int proxystore_store_report(proxystore_store* store, char** out);
/** Gives back a text; of NULL nothing. */
PROXYSTORE_API void proxystore_text_free(char* text);

/** Copies an object into the store. `shape` has `rank` extents; for bytes and text one, their length. */
PROXYSTORE_API int proxystore_store_put(proxystore_store* store, int type, void const* data, int rank,
                                        size_t const* shape, proxystore_key* out);
/** Copies bytes into the store. */
PROXYSTORE_API int proxystore_store_put_bytes(proxystore_store* store, void const* data, size_t size,
                                              proxystore_key* out);
/** The object as a proxy that is resolved. PROXYSTORE_NOT_FOUND if there is none. */
PROXYSTORE_API int proxystore_store_get(proxystore_store* store, proxystore_key const* key, proxystore_proxy** out);
/** *out: 1 if there is an object under the key, a future's once it is set; else 0. */
PROXYSTORE_API int proxystore_store_exists(proxystore_store* store, proxystore_key const* key, int* out);
/** No error if there is none. Views of it stay valid. */
PROXYSTORE_API int proxystore_store_evict(proxystore_store* store, proxystore_key const* key);

/* ---- Arrays in the store's memory: written once, where they will be read */

/** Uninitialised memory for one array, aligned to 64 bytes. */
PROXYSTORE_API int proxystore_array_new(proxystore_store* store, int type, int rank, size_t const* shape,
                                        proxystore_array** out);
/** Its elements, to be written; NULL once the array was set or put. */
PROXYSTORE_API int proxystore_array_data(proxystore_array* array, void** out);
/** Copies nothing. The array is empty then, also after a failure: to be freed, and its memory not to be written. */
PROXYSTORE_API int proxystore_store_put_array(proxystore_store* store, proxystore_array* array, proxystore_key* out);
/** Gives back the handle, and the memory if it was not published. */
PROXYSTORE_API int proxystore_array_free(proxystore_array** array);

/* ---- Futures: promises of an object. Copies, also in other processes, are the same future. */

/** As a producer: whoever holds the future. */
#define PROXYSTORE_ANY_PRODUCER (-1)
/** The first proxy that resolves takes the object out of the store. */
#define PROXYSTORE_EVICT_ON_RESOLVE 1

/** `producer` is the rank that will set it, where the medium has ranks: the future breaks when that rank leaves, and
 * takes part in the detection of deadlocks. PROXYSTORE_ANY_PRODUCER: whoever holds it may set it, and it breaks when
 * the process that made it leaves. `flags`: 0 or PROXYSTORE_EVICT_ON_RESOLVE. Reports and errors name file and line. */
#define proxystore_future_new(store, producer, flags, out) \
  proxystore_future_new_at(store, producer, flags, __FILE__, __LINE__, out)
/** `file` may be NULL. */
PROXYSTORE_API int proxystore_future_new_at(proxystore_store* store, int producer, int flags, char const* file,
                                            int line, proxystore_future** out);
/** Another handle of the same future. */
PROXYSTORE_API int proxystore_future_copy(proxystore_future const* future, proxystore_future** out);
/** Gives back the handle; the future stays. */
PROXYSTORE_API int proxystore_future_free(proxystore_future** future);

/** Copies the object into the store. Once: a second time is PROXYSTORE_ALREADY_SET. */
PROXYSTORE_API int proxystore_future_set(proxystore_future* future, int type, void const* data, int rank,
                                         size_t const* shape);
/** As proxystore_future_set(), of bytes. */
PROXYSTORE_API int proxystore_future_set_bytes(proxystore_future* future, void const* data, size_t size);
/** `text` ends with a zero, which is not stored. */
PROXYSTORE_API int proxystore_future_set_text(proxystore_future* future, char const* text);
/** Copies nothing where the array lies in the memory of the future's store. The array is empty then, as above. */
PROXYSTORE_API int proxystore_future_set_array(proxystore_future* future, proxystore_array* array);
/** Every consumer gets PROXYSTORE_REMOTE with this text and who said so. */
PROXYSTORE_API int proxystore_future_fail(proxystore_future* future, char const* message);

/** *out: 1 if it is set, or failed; else 0. Never waits. */
PROXYSTORE_API int proxystore_future_done(proxystore_future* future, int* out);
/** Until it is set, or failed, which is no error here. */
PROXYSTORE_API int proxystore_future_wait(proxystore_future* future, double timeout);
/** Waits, then the object in place, valid while this handle, or a copy or proxy made from it, lives. */
PROXYSTORE_API int proxystore_future_result(proxystore_future* future, double timeout, proxystore_view* out);
/** Waits, then a copy of an object of just this type and size in bytes; of any shape. */
PROXYSTORE_API int proxystore_future_read(proxystore_future* future, double timeout, int type, void* data, size_t size);
/** Takes the object out of the store; not set yet: it never will be. */
PROXYSTORE_API int proxystore_future_evict(proxystore_future* future);
/** Names the object. */
PROXYSTORE_API int proxystore_future_key(proxystore_future const* future, proxystore_key* out);

/* ---- Proxies: stand for an object that need not exist yet. Copies share one resolution. */

/** Stands for the result, set or not. Makes no request. */
PROXYSTORE_API int proxystore_proxy_of_future(proxystore_future const* future, proxystore_proxy** out);
/** Makes no request: whether there is an object is found out when it is resolved. */
PROXYSTORE_API int proxystore_proxy_of_key(proxystore_store* store, proxystore_key const* key, int flags,
                                           proxystore_proxy** out);
/** Another handle; they share one resolution. */
PROXYSTORE_API int proxystore_proxy_copy(proxystore_proxy const* proxy, proxystore_proxy** out);
/** Gives back the handle; with the last of them go the views. */
PROXYSTORE_API int proxystore_proxy_free(proxystore_proxy** proxy);

/** Waits, then the object in place, valid while this handle or a copy of it lives. After a failure it may be tried
 * again. */
PROXYSTORE_API int proxystore_proxy_resolve(proxystore_proxy* proxy, double timeout, proxystore_view* out);
/** Waits, then a copy of an object of just this type and size in bytes. */
PROXYSTORE_API int proxystore_proxy_read(proxystore_proxy* proxy, double timeout, int type, void* data, size_t size);
/** Starts resolving in the background; the next use waits for what is left. */
PROXYSTORE_API int proxystore_proxy_resolve_async(proxystore_proxy* proxy);
/** *out: 1 if a use would return at once, else 0. Makes no request. */
PROXYSTORE_API int proxystore_proxy_is_resolved(proxystore_proxy const* proxy, int* out);
/** Takes the object out of the store; views of it stay valid. */
PROXYSTORE_API int proxystore_proxy_evict(proxystore_proxy* proxy);
/** Names the object. */
PROXYSTORE_API int proxystore_proxy_key(proxystore_proxy const* proxy, proxystore_key* out);

/* ---- Lifetimes: what is put under one is evicted when it ends, or when the store closes before that. An object that
 * is made with PROXYSTORE_EVICT_ON_RESOLVE cannot be under one. */

/** A set of objects that its end evicts. */
typedef struct proxystore_lifetime proxystore_lifetime;

/** Ends when it is closed or freed. */
PROXYSTORE_API int proxystore_lifetime_new(proxystore_store* store, proxystore_lifetime** out);
/** Ends after `seconds`, unless that is extended; freeing the handle does not end it. */
PROXYSTORE_API int proxystore_lifetime_lease(proxystore_store* store, double seconds, proxystore_lifetime** out);
/** Ends when the store closes; freeing the handle does not end it. */
PROXYSTORE_API int proxystore_lifetime_static(proxystore_store* store, proxystore_lifetime** out);
/** PROXYSTORE_INVALID_ARGUMENT for what is of another store, and when it has ended. */
PROXYSTORE_API int proxystore_lifetime_add_key(proxystore_lifetime* lifetime, proxystore_key const* key);
/** As proxystore_lifetime_add_key(). */
PROXYSTORE_API int proxystore_lifetime_add_future(proxystore_lifetime* lifetime, proxystore_future const* future);
/** As proxystore_lifetime_add_key(). */
PROXYSTORE_API int proxystore_lifetime_add_proxy(proxystore_lifetime* lifetime, proxystore_proxy const* proxy);
/** Of a lease alone: adds to what is left. Not by two threads at once. */
PROXYSTORE_API int proxystore_lifetime_extend(proxystore_lifetime* lifetime, double seconds);
/** Ends it now. Idempotent; what could not be evicted is tried again by the next call. */
PROXYSTORE_API int proxystore_lifetime_close(proxystore_lifetime* lifetime);
/** *out: 1 if it has ended, else 0. */
PROXYSTORE_API int proxystore_lifetime_done(proxystore_lifetime const* lifetime, int* out);
/** Gives back the handle; ends what proxystore_lifetime_new() made. */
PROXYSTORE_API int proxystore_lifetime_free(proxystore_lifetime** lifetime);

/* ---- Handles as bytes, to be sent by other means (some 100, never the object); C++ deserializes them as Future<T> or
 * Proxy<T>, whatever T the object is, and the reverse. */

/** Writes them to `buffer`. *size: how many there are. PROXYSTORE_INVALID_ARGUMENT, with *size, if `capacity` is less;
 * with a capacity of zero `buffer` may be NULL and it is no error: so one asks for the size. */
PROXYSTORE_API int proxystore_future_serialize(proxystore_future const* future, void* buffer, size_t capacity,
                                               size_t* size);
/** A handle of the future in these bytes. Its store is looked for at the first use. */
PROXYSTORE_API int proxystore_future_deserialize(void const* buffer, size_t size, proxystore_future** out);
/** As proxystore_future_serialize(). */
PROXYSTORE_API int proxystore_proxy_serialize(proxystore_proxy const* proxy, void* buffer, size_t capacity,
                                              size_t* size);
/** As proxystore_future_deserialize(). */
PROXYSTORE_API int proxystore_proxy_deserialize(void const* buffer, size_t size, proxystore_proxy** out);

#ifdef __cplusplus
}
#endif

#endif
