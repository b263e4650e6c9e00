#include "call.hpp"

#include <chrono>
#include <cmath>
#include <cstring>
#include <exception>
#include <mutex>
#include <set>

#include <proxystore/error.hpp>
#include <proxystore/version.hpp>

namespace proxystore::c {
namespace {

// The codes of C are those of C++.
static_assert(PROXYSTORE_INVALID_ARGUMENT == static_cast<int>(Errc::invalid_argument));
static_assert(PROXYSTORE_BAD_CONFIG == static_cast<int>(Errc::bad_config));
static_assert(PROXYSTORE_CONNECTOR == static_cast<int>(Errc::connector));
static_assert(PROXYSTORE_STORE_EXISTS == static_cast<int>(Errc::store_exists));
static_assert(PROXYSTORE_STORE_CLOSED == static_cast<int>(Errc::store_closed));
static_assert(PROXYSTORE_UNKNOWN_STORE == static_cast<int>(Errc::unknown_store));
static_assert(PROXYSTORE_NOT_FOUND == static_cast<int>(Errc::not_found));
static_assert(PROXYSTORE_NOT_DEFERRABLE == static_cast<int>(Errc::not_deferrable));
static_assert(PROXYSTORE_ALREADY_SET == static_cast<int>(Errc::already_set));
static_assert(PROXYSTORE_TIMEOUT == static_cast<int>(Errc::timeout));
static_assert(PROXYSTORE_REMOTE == static_cast<int>(Errc::remote));
static_assert(PROXYSTORE_BROKEN_FUTURE == static_cast<int>(Errc::broken_future));
static_assert(PROXYSTORE_CORRUPT_OBJECT == static_cast<int>(Errc::corrupt_object));
static_assert(PROXYSTORE_STORE_FULL == static_cast<int>(Errc::store_full));
static_assert(PROXYSTORE_DEADLOCK == static_cast<int>(Errc::deadlock));

/// A text that does not fit into memory any more is replaced by one that needs none.
class LastError {
 public:
  int keep(int code, char const* text) noexcept {
    try {
      text_ = text;
      shown_ = text_.c_str();
    } catch (std::bad_alloc const&) {
      shown_ = "there is no memory, not even for the text of an error";
    }
    return code;
  }
  char const* shown() const noexcept { return shown_; }

 private:
  std::string text_;
  char const* shown_ = "";
};

thread_local LastError last_error;

}  // namespace

int fail_with_current() noexcept {
  try {
    throw;
  } catch (Error const& error) {
    return last_error.keep(static_cast<int>(error.code()), error.what());
  } catch (std::bad_alloc const&) {
    return last_error.keep(PROXYSTORE_NO_MEMORY, "there is not enough memory");
  } catch (std::exception const& error) {
    return last_error.keep(PROXYSTORE_UNEXPECTED, error.what());
  } catch (...) {
    return last_error.keep(PROXYSTORE_UNEXPECTED, "an exception of an unknown type");
  }
}

Deadline deadline_in(double seconds) {
  if (std::isnan(seconds)) throw InvalidArgument("a timeout is needed, this is not a number");
  if (seconds < 0) return Deadline::never();
  return seconds == 0 ? Deadline::immediate() : Deadline(std::chrono::duration<double>(seconds));
}

void write_key(std::string const& text, proxystore_key* out) {
  auto& key = need(out, "a place for the key");
  if (text.size() >= sizeof key.text)
    throw ConnectorError("key '" + text + "' is too long for a proxystore_key (" + std::to_string(text.size()) +
                         " bytes)");
  std::memset(key.text, 0, sizeof key.text);
  std::memcpy(key.text, text.data(), text.size());
}

char const* keep_name(char const* file) {
  static auto* names = new std::set<std::string>;  // never destroyed: futures may outlive any order
  static std::mutex mutex;
  if (!file) return nullptr;
  std::lock_guard lock(mutex);
  return names->insert(file).first->c_str();
}

}  // namespace proxystore::c

extern "C" {

char const* proxystore_last_error() { return proxystore::c::last_error.shown(); }

char const* proxystore_code_name(int code) {
  switch (code) {
    case PROXYSTORE_OK: return "ok";
    case PROXYSTORE_NO_MEMORY: return "no_memory";
    case PROXYSTORE_UNEXPECTED: return "unexpected";
    default: return proxystore::name_of(static_cast<proxystore::Errc>(code)).data();  // of literals
  }
}

char const* proxystore_version() { return PROXYSTORE_VERSION; }

}  // extern "C"
