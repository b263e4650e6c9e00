#include <proxystore/segments/describe.hpp>

#include <cstring>

#include <proxystore/detail/npy.hpp>
#include <proxystore/detail/wire.hpp>
#include <proxystore/error.hpp>

namespace proxystore::segments {
namespace {

std::string type_of(npy::Dtype dtype) { return dtype.kind + std::to_string(dtype.size); }

Description of_array(Bytes const& object) {
  auto const parsed = npy::parse(object);
  return {"NP",
          "array of " + type_of(parsed.dtype) + (parsed.swapped ? ", big-endian" : "") +
              (parsed.fortran_order ? ", Fortran order" : ""),
          parsed.shape};
}

Description of_elements(Bytes const& object) {
  wire::PodHeader header{};
  if (object.size() < sizeof header) throw CorruptObject("it ends before its header does");
  std::memcpy(&header, object.data(), sizeof header);
  auto const element = header.kind == 's' ? "struct of " + std::to_string(header.element_size) + " bytes"
                                          : type_of({header.kind, header.element_size});
  return {"TC", header.count == 1 ? element : std::to_string(header.count) + " elements, each a " + element};
}

Description of_tagged(Bytes const& object) {
  auto const [identifier, payload] = wire::split(object);
  if (identifier == wire::numpy) return of_array(object);
  if (identifier == wire::pod) return of_elements(object);
  if (identifier == wire::raw) return {"BS", "bytes"};
  if (identifier == wire::utf8) return {"US", "text"};
  if (identifier == wire::cereal) return {"CE", "cereal archive"};
  if (auto const failure = wire::decode_failure(object))
    return {"EX", "a failure: " + failure->type + ": " + failure->message};
  return {std::string(identifier), "unknown"};
}

}  // namespace

Description describe(Bytes const& object) {
  try {
    return of_tagged(object);
  } catch (Error const&) {
    return {"", "unknown"};
  }
}

}  // namespace proxystore::segments
