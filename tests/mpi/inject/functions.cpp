// Every MPI function that the library calls, but for MPI_Finalize, which the library takes the place of. With that one
// (main.cpp) the list is complete: tests/mpi/inject/check compares it with the library.
#include <mpi.h>

#include <algorithm>
#include <cstddef>
#include <vector>

#include "inject.hpp"

namespace inject {
void change(int Live::*what, int by);
void tell(char const* function, bool enters);
void keep_back(MPI_Comm comm);
int start_late_reduction(void const* data, int count, MPI_Datatype type, MPI_Op op, MPI_Comm comm);
int start_late_barrier(MPI_Comm comm);
bool finish_late();
}  // namespace inject

namespace {

using inject::change;
using inject::Live;

class Within {
 public:
  explicit Within(char const* function) : function_(function) { inject::tell(function_, true); }
  Within(Within const&) = delete;
  Within& operator=(Within const&) = delete;
  ~Within() { inject::tell(function_, false); }

 private:
  char const* function_;
};

/// Counts what a function made, if it did.
int made(int code, int Live::*what, int number = 1) {
  if (code == MPI_SUCCESS) change(what, number);
  return code;
}

int unfinished(int count, MPI_Request const* requests) {
  return static_cast<int>(std::count_if(requests, requests + count, [](auto r) { return r != MPI_REQUEST_NULL; }));
}

}  // namespace

#define FAILS(name) inject::fails(#name, __builtin_return_address(0))
#define WITHIN(name) Within const within(#name)
// Does nothing when it fails.
#define LOCAL(name, parameters, arguments)                       \
  int name parameters {                                          \
    WITHIN(name);                                                \
    return FAILS(name) ? int{MPI_ERR_OTHER} : P##name arguments; \
  }
#define LOCAL_MAKES(name, parameters, arguments, what, number) \
  int name parameters {                                        \
    WITHIN(name);                                              \
    if (FAILS(name)) return MPI_ERR_OTHER;                     \
    int const code = P##name arguments;                        \
    return made(code, &Live::what, number);                    \
  }
// Takes part, and then fails.
#define COLLECTIVE(name, parameters, arguments) \
  int name parameters {                         \
    WITHIN(name);                               \
    bool const failing = FAILS(name);           \
    int const code = P##name arguments;         \
    return failing ? int{MPI_ERR_OTHER} : code; \
  }

extern "C" {

LOCAL(MPI_Initialized, (int* flag), (flag))
LOCAL(MPI_Finalized, (int* flag), (flag))
LOCAL(MPI_Init_thread, (int* argc, char*** argv, int required, int* provided), (argc, argv, required, provided))
LOCAL(MPI_Query_thread, (int* provided), (provided))
LOCAL(MPI_Is_thread_main, (int* flag), (flag))
LOCAL(MPI_Error_string, (int code, char* text, int* length), (code, text, length))
LOCAL(MPI_Get_library_version, (char* text, int* length), (text, length))
LOCAL(MPI_Get_processor_name, (char* text, int* length), (text, length))

LOCAL(MPI_Comm_rank, (MPI_Comm comm, int* rank), (comm, rank))
LOCAL(MPI_Comm_size, (MPI_Comm comm, int* size), (comm, size))
LOCAL(MPI_Comm_get_attr, (MPI_Comm comm, int keyval, void* value, int* found), (comm, keyval, value, found))
LOCAL(MPI_Comm_set_errhandler, (MPI_Comm comm, MPI_Errhandler handler), (comm, handler))
LOCAL_MAKES(MPI_Comm_set_attr, (MPI_Comm comm, int keyval, void* value), (comm, keyval, value), attributes, 1)
LOCAL_MAKES(MPI_Comm_delete_attr, (MPI_Comm comm, int keyval), (comm, keyval), attributes, -1)
LOCAL_MAKES(MPI_Comm_create_keyval,
            (MPI_Comm_copy_attr_function * copy, MPI_Comm_delete_attr_function* remove, int* keyval, void* state),
            (copy, remove, keyval, state), keyvals, 1)
LOCAL_MAKES(MPI_Comm_free_keyval, (int* keyval), (keyval), keyvals, -1)

LOCAL_MAKES(MPI_Info_create, (MPI_Info * info), (info), infos, 1)
LOCAL(MPI_Info_set, (MPI_Info info, char const* key, char const* value), (info, key, value))
LOCAL_MAKES(MPI_Info_free, (MPI_Info * info), (info), infos, -1)

LOCAL_MAKES(MPI_Isend,
            (void const* data, int count, MPI_Datatype type, int to, int tag, MPI_Comm comm, MPI_Request* request),
            (data, count, type, to, tag, comm, request), requests, 1)
LOCAL_MAKES(MPI_Irecv,
            (void* data, int count, MPI_Datatype type, int from, int tag, MPI_Comm comm, MPI_Request* request),
            (data, count, type, from, tag, comm, request), requests, 1)
LOCAL(MPI_Cancel, (MPI_Request * request), (request))
LOCAL_MAKES(MPI_Improbe, (int from, int tag, MPI_Comm comm, int* here, MPI_Message* message, MPI_Status* status),
            (from, tag, comm, here, message, status), messages, *here)
LOCAL(MPI_Get_count, (MPI_Status const* status, MPI_Datatype type, int* count), (status, type, count))
LOCAL_MAKES(MPI_Mrecv, (void* data, int count, MPI_Datatype type, MPI_Message* message, MPI_Status* status),
            (data, count, type, message, status), messages, -1)

int MPI_Test(MPI_Request* request, int* done, MPI_Status* status) {
  WITHIN(MPI_Test);
  if (FAILS(MPI_Test)) return MPI_ERR_OTHER;
  int const before = unfinished(1, request), code = PMPI_Test(request, done, status);
  return made(code, &Live::requests, *done * -before);
}
int MPI_Wait(MPI_Request* request, MPI_Status* status) {
  WITHIN(MPI_Wait);
  if (FAILS(MPI_Wait)) return MPI_ERR_OTHER;
  int const before = unfinished(1, request), code = PMPI_Wait(request, status);
  return made(code, &Live::requests, -before);
}
int MPI_Testall(int count, MPI_Request requests[], int* done, MPI_Status statuses[]) {
  WITHIN(MPI_Testall);
  if (FAILS(MPI_Testall)) return MPI_ERR_OTHER;
  int const before = unfinished(count, requests), code = PMPI_Testall(count, requests, done, statuses);
  return made(code, &Live::requests, *done * -before);
}

COLLECTIVE(MPI_Bcast, (void* data, int count, MPI_Datatype type, int root, MPI_Comm comm),
           (data, count, type, root, comm))
LOCAL(MPI_Win_set_errhandler, (MPI_Win window, MPI_Errhandler handler), (window, handler))
LOCAL(MPI_Win_get_attr, (MPI_Win window, int keyval, void* value, int* found), (window, keyval, value, found))
LOCAL(MPI_Win_shared_query, (MPI_Win window, int rank, MPI_Aint* size, int* unit, void* base),
      (window, rank, size, unit, base))
LOCAL(MPI_Get,
      (void* data, int count, MPI_Datatype type, int rank, MPI_Aint offset, int of, MPI_Datatype as, MPI_Win window),
      (data, count, type, rank, offset, of, as, window))
LOCAL(MPI_Win_flush, (int rank, MPI_Win window), (rank, window))
LOCAL(MPI_Win_lock_all, (int assertion, MPI_Win window), (assertion, window))
LOCAL(MPI_Win_unlock_all, (MPI_Win window), (window))

int MPI_Allreduce(void const* data, void* result, int count, MPI_Datatype type, MPI_Op op, MPI_Comm comm) {
  WITHIN(MPI_Allreduce);
  if (!FAILS(MPI_Allreduce)) return PMPI_Allreduce(data, result, count, type, op, comm);
  int size = 0;
  PMPI_Type_size(type, &size);
  std::vector<std::byte> kept_back(static_cast<std::size_t>(size) * static_cast<std::size_t>(count));
  PMPI_Allreduce(data, kept_back.data(), count, type, op, comm);
  return MPI_ERR_OTHER;
}
int MPI_Allgather(void const* data, int count, MPI_Datatype type, void* result, int each, MPI_Datatype of,
                  MPI_Comm comm) {
  WITHIN(MPI_Allgather);
  if (!FAILS(MPI_Allgather)) return PMPI_Allgather(data, count, type, result, each, of, comm);
  int size = 0, ranks = 0;
  PMPI_Type_size(of, &size);
  PMPI_Comm_size(comm, &ranks);
  std::vector<std::byte> kept_back(static_cast<std::size_t>(size) * static_cast<std::size_t>(each * ranks));
  PMPI_Allgather(data, count, type, kept_back.data(), each, of, comm);
  return MPI_ERR_OTHER;
}

int MPI_Allgatherv(void const* data, int count, MPI_Datatype type, void* result, int const* counts, int const* begins,
                   MPI_Datatype of, MPI_Comm comm) {
  WITHIN(MPI_Allgatherv);
  if (!FAILS(MPI_Allgatherv)) return PMPI_Allgatherv(data, count, type, result, counts, begins, of, comm);
  int size = 0, ranks = 0;
  PMPI_Type_size(of, &size);
  PMPI_Comm_size(comm, &ranks);
  std::vector<char> kept_back(static_cast<std::size_t>(size) * static_cast<std::size_t>(begins[ranks - 1] + counts[ranks - 1]));
  PMPI_Allgatherv(data, count, type, kept_back.data(), counts, begins, of, comm);
  return MPI_ERR_OTHER;
}
int MPI_Iallreduce(void const* data, void* result, int count, MPI_Datatype type, MPI_Op op, MPI_Comm comm,
                   MPI_Request* request) {
  WITHIN(MPI_Iallreduce);
  if (FAILS(MPI_Iallreduce)) return inject::start_late_reduction(data, count, type, op, comm);
  return made(PMPI_Iallreduce(data, result, count, type, op, comm, request), &Live::requests);
}
int MPI_Ibarrier(MPI_Comm comm, MPI_Request* request) {
  WITHIN(MPI_Ibarrier);
  if (FAILS(MPI_Ibarrier)) return inject::start_late_barrier(comm);
  return made(PMPI_Ibarrier(comm, request), &Live::requests);
}

int MPI_Comm_dup(MPI_Comm comm, MPI_Comm* copy) {
  WITHIN(MPI_Comm_dup);
  if (!FAILS(MPI_Comm_dup)) return made(PMPI_Comm_dup(comm, copy), &Live::communicators);
  MPI_Comm lost = MPI_COMM_NULL;
  if (PMPI_Comm_dup(comm, &lost) == MPI_SUCCESS) inject::keep_back(lost);
  return MPI_ERR_OTHER;
}
int MPI_Comm_split_type(MPI_Comm comm, int type, int key, MPI_Info info, MPI_Comm* part) {
  WITHIN(MPI_Comm_split_type);
  if (!FAILS(MPI_Comm_split_type)) return made(PMPI_Comm_split_type(comm, type, key, info, part), &Live::communicators);
  MPI_Comm lost = MPI_COMM_NULL;
  if (PMPI_Comm_split_type(comm, type, key, info, &lost) == MPI_SUCCESS) inject::keep_back(lost);
  return MPI_ERR_OTHER;
}
int MPI_Comm_free(MPI_Comm* comm) {
  WITHIN(MPI_Comm_free);
  bool const failing = FAILS(MPI_Comm_free);
  inject::finish_late();  // Open MPI does not let a communicator live on for the collective calls begun on it
  int const code = made(PMPI_Comm_free(comm), &Live::communicators, -1);
  return failing ? int{MPI_ERR_OTHER} : code;
}
int MPI_Win_allocate_shared(MPI_Aint size, int unit, MPI_Info info, MPI_Comm comm, void* base, MPI_Win* window) {
  WITHIN(MPI_Win_allocate_shared);
  if (!FAILS(MPI_Win_allocate_shared))
    return made(PMPI_Win_allocate_shared(size, unit, info, comm, base, window), &Live::windows);
  void* lost_base = nullptr;
  MPI_Win lost = MPI_WIN_NULL;  // freeing it would need the others
  PMPI_Win_allocate_shared(size, unit, info, comm, &lost_base, &lost);
  return MPI_ERR_OTHER;
}
int MPI_Win_create(void* base, MPI_Aint size, int unit, MPI_Info info, MPI_Comm comm, MPI_Win* window) {
  WITHIN(MPI_Win_create);
  if (!FAILS(MPI_Win_create)) return made(PMPI_Win_create(base, size, unit, info, comm, window), &Live::windows);
  MPI_Win lost = MPI_WIN_NULL;
  PMPI_Win_create(base, size, unit, info, comm, &lost);
  return MPI_ERR_OTHER;
}
int MPI_Win_free(MPI_Win* window) {
  WITHIN(MPI_Win_free);
  bool const failing = FAILS(MPI_Win_free);
  int const code = made(PMPI_Win_free(window), &Live::windows, -1);
  return failing ? int{MPI_ERR_OTHER} : code;
}

}  // extern "C"
