/// @file
/// One hierarchy of errors. Texts follow one grammar: problem (why) suggestion.
#pragma once

#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>

#include <proxystore/export.hpp>

namespace proxystore {

/// What went wrong, as a number: the same in C, with a prefix, and in Fortran. Each has a class below that says more.
enum class Errc {
  invalid_argument = 1,
  bad_config,
  connector,
  store_exists,
  store_closed,
  unknown_store,
  not_found,
  not_deferrable,
  already_set,
  timeout,
  remote,
  broken_future,
  corrupt_object,
  store_full,
  deadlock,
};

/// The snake_case name of a code, as it stands in logs and in the C API.
PROXYSTORE_EXPORT std::string_view name_of(Errc code) noexcept;

/// Base of everything the library throws on purpose.
class PROXYSTORE_EXPORT Error : public std::runtime_error {
 public:
  /// `text`: problem (why) suggestion.
  Error(Errc code, std::string const& text) : std::runtime_error(text), code_(code) {}
  Errc code() const noexcept { return code_; }

 private:
  Errc code_;
};

/// An argument that cannot mean anything: an empty proxy used, a shape that overflows.
class PROXYSTORE_EXPORT InvalidArgument final : public Error {
 public:
  explicit InvalidArgument(std::string const& text) : Error(Errc::invalid_argument, text) {}
};

/// A connector text, kind or option that is not understood.
class PROXYSTORE_EXPORT ConfigError final : public Error {
 public:
  explicit ConfigError(std::string const& text) : Error(Errc::bad_config, text) {}
};

/// The medium failed: MPI, the file system, a server.
class PROXYSTORE_EXPORT ConnectorError final : public Error {
 public:
  explicit ConnectorError(std::string const& text) : Error(Errc::connector, text) {}
};

/// A store of that name is open in this process.
class PROXYSTORE_EXPORT StoreExists final : public Error {
 public:
  explicit StoreExists(std::string const& text) : Error(Errc::store_exists, text) {}
};

/// An operation on a store after close().
class PROXYSTORE_EXPORT StoreClosed final : public Error {
 public:
  explicit StoreClosed(std::string const& text) : Error(Errc::store_closed, text) {}
};

/// A proxy or future arrived whose store is not open here and cannot be opened from what it carries.
class PROXYSTORE_EXPORT UnknownStore final : public Error {
 public:
  explicit UnknownStore(std::string const& text) : Error(Errc::unknown_store, text) {}
};

/// No object under that key: never put, or evicted.
class PROXYSTORE_EXPORT ObjectNotFound final : public Error {
 public:
  explicit ObjectNotFound(std::string const& text) : Error(Errc::not_found, text) {}
};

/// Store::future() on a connector that cannot name an object before it exists.
class PROXYSTORE_EXPORT NotDeferrable final : public Error {
 public:
  explicit NotDeferrable(std::string const& text) : Error(Errc::not_deferrable, text) {}
};

/// A second result for one future. The first stays.
class PROXYSTORE_EXPORT AlreadySet final : public Error {
 public:
  explicit AlreadySet(std::string const& text) : Error(Errc::already_set, text) {}
};

/// A wait came to its deadline. The future stays pending and may be waited for again.
class PROXYSTORE_EXPORT Timeout final : public Error {
 public:
  explicit Timeout(std::string const& text) : Error(Errc::timeout, text) {}
};

/// The future will never be set: its store was closed, or its owner is gone.
class PROXYSTORE_EXPORT BrokenFuture final : public Error {
 public:
  explicit BrokenFuture(std::string const& text) : Error(Errc::broken_future, text) {}
};

/// Bytes that are not what they claim to be.
class PROXYSTORE_EXPORT CorruptObject final : public Error {
 public:
  explicit CorruptObject(std::string const& text) : Error(Errc::corrupt_object, text) {}
};

/// The connector's memory or quota is used up; names capacity, use and largest free block in bytes.
class PROXYSTORE_EXPORT StoreFull final : public Error {
 public:
  explicit StoreFull(std::string const& text) : Error(Errc::store_full, text) {}
};

/// Processes wait for each other in a ring; the text prints the ring.
class PROXYSTORE_EXPORT DeadlockError final : public Error {
 public:
  explicit DeadlockError(std::string const& text) : Error(Errc::deadlock, text) {}
};

/// What a producer's exception leaves behind for its consumers.
struct PROXYSTORE_EXPORT Failure {
  std::string type;     ///< the exception's C++ type, demangled
  std::string message;  ///< its what()
  std::string origin;   ///< who failed: "rank 3 on node7, process 4711"

  /// Describes `error`; `origin` names the process that calls. An exception that is itself a
  /// RemoteError is passed on unchanged, so a failure keeps its first origin along a chain.
  static Failure of(std::exception_ptr const& error, std::string origin);
};

/// The producer failed; thrown at every consumer.
class PROXYSTORE_EXPORT RemoteError final : public Error {
 public:
  explicit RemoteError(Failure failure);
  /// What failed, in which words and where.
  Failure const& failure() const noexcept { return failure_; }

 private:
  Failure failure_;
};

}  // namespace proxystore
