// A producer's failure in place of an object.
#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace fuzz;
  std::optional<Failure> failure;
  try {
    failure = wire::decode_failure(input(data, size));
  } catch (CorruptObject const&) {
  }
  if (!failure) return 0;
  FUZZ_REQUIRE(RemoteError(*failure).what() != nullptr);
  auto const again = wire::decode_failure(wire::encode_failure(*failure).freeze());
  FUZZ_REQUIRE(again && again->type == failure->type && again->message == failure->message &&
               again->origin == failure->origin);
  return 0;
}
