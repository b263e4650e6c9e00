// Values of Python in all their identifiers, and bare pickles.
#include <proxystore/pickle.hpp>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace fuzz;
  Bytes const object = input(data, size);
  round_trip<pickle::Value>(object);
  try {
    auto const again = pickle::dump(pickle::load(object));
    FUZZ_REQUIRE(pickle::dump(pickle::load(Bytes::copy_of(again))) == again);
  } catch (CorruptObject const&) {
  }
  return 0;
}
