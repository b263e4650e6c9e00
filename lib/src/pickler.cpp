#include "pickler.hpp"

#include <bit>
#include <limits>
#include <string>
#include <utility>

namespace proxystore::pickle {
namespace {

std::span<std::byte const> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

}  // namespace

Pickler::Pickler() {
  code(0x80);
  code(5);
}

std::vector<std::byte> Pickler::end() && {
  code('.');
  return std::move(out_);
}

void Pickler::little(std::uint64_t value, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i) code(static_cast<int>(value >> (8 * i) & 0xffU));
}

/// With a length of one, four or eight bytes.
void Pickler::sized(int short_code, int usual_code, int long_code, std::span<std::byte const> bytes) {
  auto const n = bytes.size();
  if (n <= 0xff) code(short_code), little(n, 1);
  else if (n <= std::numeric_limits<std::uint32_t>::max()) code(usual_code), little(n, 4);
  else code(long_code), little(n, 8);
  raw(bytes);
}

void Pickler::text(std::string_view text) { sized(0x8c, 'X', 0x8d, bytes_of(text)); }

void Pickler::integer(std::int64_t value) {
  if (value >= 0 && value <= 0xff) code('K'), little(static_cast<std::uint64_t>(value), 1);
  else if (value >= 0 && value <= 0xffff) code('M'), little(static_cast<std::uint64_t>(value), 2);
  else if (std::in_range<std::int32_t>(value)) code('J'), little(static_cast<std::uint64_t>(value), 4);
  else code(0x8a), little(8, 1), little(static_cast<std::uint64_t>(value), 8);
}

void Pickler::real(double value) {
  code('G');
  auto const bits = std::bit_cast<std::uint64_t>(value);
  for (int shift = 56; shift >= 0; shift -= 8) code(static_cast<int>(bits >> shift & 0xffU));
}

void Pickler::global(std::string_view module, std::string_view name) {
  text(module);
  text(name);
  code(0x93);
}

/// numpy.ndarray(shape, dtype, bytearray), which every NumPy has.
void Pickler::array(NdArray const& array) {
  global("numpy", "ndarray");
  mark();
  mark();
  for (auto const extent : array.shape) integer(static_cast<std::int64_t>(extent));
  tuple();
  char const order = std::endian::native == std::endian::little ? '<' : '>';
  text(std::string{order, array.dtype.kind} + std::to_string(array.dtype.size));
  code(0x96);
  little(array.data.size(), 8);
  raw(array.data.span());
  tuple();
  call();
}

void Pickler::value(Value const& value) {
  auto const items = [&](std::vector<Value> const& all) {
    mark();
    for (auto const& item : all) this->value(item);
  };
  if (value.is_none()) none();
  else if (value.is<bool>()) boolean(value.get<bool>());
  else if (value.is<std::int64_t>()) integer(value.get<std::int64_t>());
  else if (value.is<double>()) real(value.get<double>());
  else if (value.is<std::string>()) text(value.get<std::string>());
  else if (value.is<std::vector<std::byte>>()) bytes(value.get<std::vector<std::byte>>());
  else if (value.is<NdArray>()) array(value.get<NdArray>());
  else if (value.is<Tuple>()) items(value.get<Tuple>().items), tuple();
  else if (value.is<List>()) code(']'), items(value.get<List>()), code('e');
  else if (value.is<Set>()) code(0x8f), items(value.get<Set>().items), code(0x90);
  else {
    dict();
    for (auto const& [key, item] : value.get<Dict>().items) this->value(key), this->value(item);
    end_dict();
  }
}

}  // namespace proxystore::pickle
