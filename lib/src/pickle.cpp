#include <proxystore/pickle.hpp>

#include <algorithm>
#include <array>
#include <cstring>

#include "pickler.hpp"

namespace proxystore::pickle {

Tuple::Tuple(std::initializer_list<Value> values) : items(values) {}
Tuple::Tuple(std::vector<Value> values) noexcept : items(std::move(values)) {}
bool Tuple::operator==(Tuple const& other) const { return items == other.items; }

Set::Set(std::initializer_list<Value> values) : items(values) {}
Set::Set(std::vector<Value> values) noexcept : items(std::move(values)) {}
bool Set::operator==(Set const& other) const { return items == other.items; }

Dict::Dict(std::initializer_list<std::pair<Value, Value>> values) : items(values) {}
bool Dict::operator==(Dict const& other) const { return items == other.items; }

Value const* Dict::find(std::string_view key) const {
  auto const found = std::find_if(items.begin(), items.end(), [&](auto const& item) {
    return item.first.template is<std::string>() && item.first.template get<std::string>() == key;
  });
  return found == items.end() ? nullptr : &found->second;
}

std::string_view Value::type() const noexcept {
  static constexpr std::array<std::string_view, 11> names{"NoneType", "bool",  "int", "float", "str",          "bytes",
                                                          "list",     "tuple", "set", "dict",  "numpy.ndarray"};
  return names[data_.index()];
}

void Value::throw_other(std::string_view wanted) const {
  throw InvalidArgument("this value of Python is a " + std::string(type()) + ", not a " + std::string(wanted));
}

Value const& Value::operator[](std::size_t index) const {
  auto const& items = is<Tuple>() ? get<Tuple>().items : get<List>();
  if (index < items.size()) return items[index];
  throw InvalidArgument("this " + std::string(type()) + " of Python has no item " + std::to_string(index) +
                        " (it has " + std::to_string(items.size()) + ")");
}

Value const& Value::operator[](std::string_view key) const {
  if (auto const* const value = get<Dict>().find(key)) return *value;
  throw InvalidArgument("this dict of Python has no key '" + std::string(key) + "'");
}

std::size_t Value::size() const {
  if (is<Tuple>()) return get<Tuple>().items.size();
  if (is<Set>()) return get<Set>().items.size();
  if (is<Dict>()) return get<Dict>().items.size();
  return get<List>().size();
}

bool Value::operator==(Value const& other) const {
  if (is<NdArray>() && other.is<NdArray>()) return get<NdArray>() == other.get<NdArray>();
  return data_ == other.data_;
}

std::vector<std::byte> dump(Value const& value) {
  Pickler out;
  out.value(value);
  return std::move(out).end();
}

}  // namespace proxystore::pickle

namespace proxystore {

using pickle::NdArray;
using pickle::Value;

namespace {

constexpr std::string_view pickled = "PK";

}  // namespace

Buffer Serializer<Value>::encode(Value const& value, Allocator& memory) {
  if (value.is<std::vector<std::byte>>())
    return wire::tagged_copy(wire::raw, value.get<std::vector<std::byte>>(), memory);
  if (value.is<std::string>()) return Serializer<std::string>::encode(value.get<std::string>(), memory);
  if (value.is<NdArray>()) {
    auto const& array = value.get<NdArray>();
    return npy::encode(array.dtype, array.shape, array.data.span(), memory);
  }
  return wire::tagged_copy(pickled, pickle::dump(value), memory);
}

Value Serializer<Value>::decode(Bytes const& object) {
  auto const tagged = wire::split(object);
  if (tagged.identifier == pickled) return pickle::load(tagged.payload);
  if (tagged.identifier == wire::raw) return Serializer<std::vector<std::byte>>::decode(object);
  if (tagged.identifier == wire::utf8) return Serializer<std::string>::decode(object);
  if (tagged.identifier != wire::numpy) wire::unexpected(tagged.identifier, "a value of Python");
  auto parsed = npy::parse(object);
  auto data = npy::native(parsed, parsed.dtype, 1);
  return NdArray{parsed.dtype, std::move(parsed.shape), std::move(data)};
}

}  // namespace proxystore
