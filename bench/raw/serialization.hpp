/// What a program does by hand to make bytes of its objects: memcpy, and cereal over a string stream.
#pragma once

#include <cstring>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <cereal/archives/portable_binary.hpp>

namespace raw {

inline std::unique_ptr<std::byte[]> pack(std::vector<double> const& values) {
  std::unique_ptr<std::byte[]> bytes(new std::byte[values.size() * sizeof(double)]);
  std::memcpy(bytes.get(), values.data(), values.size() * sizeof(double));
  return bytes;
}

inline std::vector<double> unpack(std::byte const* bytes, std::size_t count) {
  auto const* const first = reinterpret_cast<double const*>(bytes);
  return {first, first + count};
}

template <class T>
std::string archive(T const& value) {
  std::ostringstream out;
  cereal::PortableBinaryOutputArchive to(out);
  to(value);
  return std::move(out).str();
}

template <class T>
T unarchive(std::string const& bytes) {
  std::istringstream in(bytes);
  cereal::PortableBinaryInputArchive from(in);
  T value;
  from(value);
  return value;
}

}  // namespace raw
