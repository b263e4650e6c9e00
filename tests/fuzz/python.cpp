// Proxies and futures that Python pickled.
#include <proxystore/python.hpp>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace fuzz;
  Bytes const pickle = input(data, size);
  for (auto const kind : {detail::PythonKind::proxy, detail::PythonKind::future}) {
    try {
      auto const reference = detail::read_python(pickle, kind);
      FUZZ_REQUIRE(Config::parse(reference.store->connector).to_string() == reference.store->connector);
    } catch (CorruptObject const&) {
    } catch (UnknownStore const&) {
    }
  }
  return 0;
}
