// NumPy arrays: headers, shapes, byte orders and Fortran order.
#include <algorithm>
#include <complex>

#include "fuzz.hpp"

namespace {

using namespace fuzz;

/// Read from another address, where nothing can be viewed in place, the elements are the same.
template <class T>
void array(Bytes const& object) {
  round_trip<Array<T>>(object);
  round_trip<std::vector<T>>(object);
  auto const value = decoded<Array<T>>(object);
  if (auto const data = npy::vector_data(object, npy::dtype_of<T>()))  // what is read in short is what is read in full
    FUZZ_REQUIRE(value && value->rank() == 1 && std::ranges::equal(*data, std::as_bytes(value->span())));
  if (!value) return;
  Bytes const shifted = Bytes::copy_of("." + std::string(object.text())).slice(1);
  FUZZ_REQUIRE(serialize(decoded<Array<T>>(shifted).value()) == serialize(*value));
  FUZZ_REQUIRE(npy::count(value->shape(), sizeof(T)) == value->size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  Bytes const object = input(data, size);
  array<double>(object);
  array<std::int32_t>(object);
  array<std::uint16_t>(object);
  array<char>(object);
  array<std::complex<float>>(object);
  round_trip<Array<bool>>(object);
  round_trip<std::int32_t>(object);
  return 0;
}
