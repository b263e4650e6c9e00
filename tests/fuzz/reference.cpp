// What proxies, futures and keys travel as. Nothing is resolved here: decoding makes no request.
#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace fuzz;
  Bytes const object = input(data, size);
  round_trip<detail::Reference>(object);
  round_trip<Proxy<int>>(object);
  round_trip<Future<std::string>>(object);
  round_trip<std::vector<Proxy<int>>>(object);
  round_trip<Key>(object);
  return 0;
}
