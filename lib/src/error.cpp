#include <proxystore/error.hpp>

#include <cstdlib>
#include <cxxabi.h>
#include <memory>
#include <typeinfo>

namespace proxystore {
namespace {

std::string demangle(char const* name) {
  int status = 0;
  std::unique_ptr<char, void (*)(void*)> text(abi::__cxa_demangle(name, nullptr, nullptr, &status), std::free);
  return status == 0 ? text.get() : name;
}

std::string remote_text(Failure const& failure) {
  return "the producer failed (" + failure.origin + " threw " + failure.type + ": " + failure.message + ")";
}

}  // namespace

std::string_view name_of(Errc code) noexcept {
  switch (code) {
    case Errc::invalid_argument: return "invalid_argument";
    case Errc::bad_config: return "bad_config";
    case Errc::connector: return "connector";
    case Errc::store_exists: return "store_exists";
    case Errc::store_closed: return "store_closed";
    case Errc::unknown_store: return "unknown_store";
    case Errc::not_found: return "not_found";
    case Errc::not_deferrable: return "not_deferrable";
    case Errc::already_set: return "already_set";
    case Errc::timeout: return "timeout";
    case Errc::remote: return "remote";
    case Errc::broken_future: return "broken_future";
    case Errc::corrupt_object: return "corrupt_object";
    case Errc::store_full: return "store_full";
    case Errc::deadlock: return "deadlock";
  }
  return "unknown";
}

Failure Failure::of(std::exception_ptr const& error, std::string origin) {
  if (!error) throw InvalidArgument("a failure needs an exception, this exception_ptr is null");
  try {
    std::rethrow_exception(error);
  } catch (RemoteError const& remote) {
    return remote.failure();
  } catch (std::exception const& exception) {
    return {demangle(typeid(exception).name()), exception.what(), std::move(origin)};
  } catch (...) {
    auto const* type = abi::__cxa_current_exception_type();
    return {type ? demangle(type->name()) : "an unknown type", "no std::exception", std::move(origin)};
  }
}

RemoteError::RemoteError(Failure failure) : Error(Errc::remote, remote_text(failure)), failure_(std::move(failure)) {}

}  // namespace proxystore
