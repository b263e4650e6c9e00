/// What every user of HDF5's C library in this package stands on: a turn in it, a check, and ids with an owner.
#pragma once

#include <mutex>
#include <utility>

#include <hdf5.h>

#include <proxystore/export.hpp>

namespace proxystore::h5 {

/// A thread's turn in HDF5, whose state belongs to the process and which is not thread-safe as most systems build it.
/// Nobody else in this package is inside meanwhile, and HDF5 prints nothing; the printing of errors that the program
/// chose is restored at the end. Not recursive. A program that calls HDF5 itself while other threads use a connector
/// holds one around its own calls.
class PROXYSTORE_EXPORT Session {
 public:
  Session();
  ~Session();
  Session(Session const&) = delete;
  Session& operator=(Session const&) = delete;

 private:
  std::lock_guard<std::mutex> turn_;
  H5E_auto2_t print_ = nullptr;  // what the program prints errors with
  void* print_data_ = nullptr;
  bool found_;  // fills the two above, and so comes behind them
};

/// Throws ConnectorError with the name of the HDF5 function and what HDF5's error stack says of the cause.
[[noreturn]] PROXYSTORE_EXPORT void fail(char const* function);

/// The one place where HDF5's negative results become errors. REQUIRES: a Session
template <class Result>
Result h5_check(Result result, char const* function) {
  if (result < 0) fail(function);
  return result;
}

/// Owns an id of any kind: file, dataset, type, property list. REQUIRES: a Session, when it is destroyed too
class PROXYSTORE_EXPORT Handle {
 public:
  /// Takes what `function` returned. Throws ConnectorError if that is no id.
  Handle(hid_t id, char const* function) : id_(h5_check(id, function)) {}
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, H5I_INVALID_HID)) {}
  Handle& operator=(Handle other) noexcept {
    std::swap(id_, other.id_);
    return *this;
  }
  ~Handle();

  hid_t get() const noexcept { return id_; }
  /// Closes now, and throws what a destructor would keep to itself.
  void close();

 private:
  hid_t id_;
};

}  // namespace proxystore::h5
