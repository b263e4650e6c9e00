/// The edge between C++ and C: no exception passes it, and no handle is used that is not one.
#pragma once

#include <new>
#include <string>
#include <utility>

#include <proxystore/c/proxystore.h>
#include <proxystore/deadline.hpp>
#include <proxystore/error.hpp>

namespace proxystore::c {

/// Keeps the text for proxystore_last_error() and returns the code of the exception that is being handled.
int fail_with_current() noexcept;

/// Runs `work` for a caller in C.
template <class Work>
int call(Work const& work) noexcept {
  try {
    work();
    return PROXYSTORE_OK;
  } catch (...) {
    return fail_with_current();
  }
}

/// What a pointer points to. Throws InvalidArgument if it is NULL.
template <class T>
T& need(T* pointer, char const* what) {
  if (!pointer) throw InvalidArgument(std::string(what) + " is needed, this pointer is NULL");
  return *pointer;
}

/// The first member of each handle, by which it is known again.
struct Mark {
  unsigned long long word;
};

/// The handle at a pointer. Throws InvalidArgument if it is NULL or of another type.
template <class Handle>
Handle& open(Handle* handle) {
  auto& found = need(handle, std::remove_const_t<Handle>::what);
  if (found.mark.word != std::remove_const_t<Handle>::word)
    throw InvalidArgument(std::string(std::remove_const_t<Handle>::what) +
                          " is needed, this is another handle or one that was freed");
  return found;
}

/// Gives back a handle, and forgets it.
template <class Handle>
int release(Handle** handle) noexcept {
  return call([&] {
    auto*& given = need(handle, "the address of a handle");
    if (!given) return;
    open(given).mark.word = 0;
    delete std::exchange(given, nullptr);
  });
}

/// Throws InvalidArgument for what is no number.
Deadline deadline_in(double seconds);

void write_key(std::string const& text, proxystore_key* out);
/// A place in the source whose name stays, whoever gave it.
char const* keep_name(char const* file);

}  // namespace proxystore::c
