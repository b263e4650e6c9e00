// Every identifier, read as each kind of type.
#include <complex>

#include "fuzz.hpp"

namespace {

struct Point {
  double x, y;
};
enum class Colour : std::uint8_t { red, green };

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace fuzz;
  Bytes const object = input(data, size);
  round_trip<Bytes>(object);
  round_trip<std::vector<std::byte>>(object);
  round_trip<std::string>(object);
  round_trip<bool>(object);
  round_trip<std::int32_t>(object);
  round_trip<double>(object);
  round_trip<std::complex<float>>(object);
  round_trip<Colour>(object);
  round_trip<Point>(object);
  round_trip<std::vector<Point>>(object);
  round_trip<std::vector<bool>>(object);
  round_trip<std::vector<std::string>>(object);
  return 0;
}
