#include <proxystore/h5/h5.hpp>

#include <string>

#include <proxystore/error.hpp>

namespace proxystore::h5 {
namespace {

std::mutex& turn() {
  static auto& mutex = *new std::mutex;  // never destroyed: a store may be closed after main
  return mutex;
}

/// Keeps the first that HDF5 shows, which is the innermost.
herr_t keep_first(unsigned, H5E_error2_t const* error, void* out) {
  auto& text = *static_cast<std::string*>(out);
  if (text.empty() && error->desc) text = error->desc;
  return 0;
}

}  // namespace

Session::Session() : turn_(turn()), found_(H5Eget_auto2(H5E_DEFAULT, &print_, &print_data_) >= 0) {
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

Session::~Session() {
  H5Eclear2(H5E_DEFAULT);
  if (found_) H5Eset_auto2(H5E_DEFAULT, print_, print_data_);
}

void fail(char const* function) {
  std::string cause;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_first, &cause);
  H5Eclear2(H5E_DEFAULT);
  throw ConnectorError(std::string(function) + " failed (" + (cause.empty() ? "HDF5 does not say why" : cause) + ")");
}

Handle::~Handle() {
  if (id_ >= 0) H5Idec_ref(id_);
}

void Handle::close() { h5_check(H5Idec_ref(std::exchange(id_, H5I_INVALID_HID)), "H5Idec_ref"); }

}  // namespace proxystore::h5
