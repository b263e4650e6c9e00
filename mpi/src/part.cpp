#include "part.hpp"

#include <cstdint>
#include <cstring>

#include <proxystore/error.hpp>

namespace proxystore::mpi::detail {
namespace {

constexpr std::size_t fixed = 3;  // numbers, then two for each axis
constexpr std::size_t most_axes = 64;

}  // namespace

std::vector<std::byte> write_part(ObjectPart const& part) {
  std::vector<std::uint64_t> numbers{part.object, part.begin, part.row};
  for (auto const& [count, stride] : part.axes) numbers.insert(numbers.end(), {count, stride});
  auto const bytes = std::as_bytes(std::span(numbers));
  return {bytes.begin(), bytes.end()};
}

ObjectPart parse_part(std::span<std::byte const> said) {
  std::vector<std::uint64_t> numbers(said.size() / sizeof(std::uint64_t));
  if (said.size() % sizeof(std::uint64_t) != 0 || numbers.size() < fixed || (numbers.size() - fixed) % 2 != 0)
    throw CorruptObject("a letter ends within the part that it asks for");
  std::memcpy(numbers.data(), said.data(), said.size());
  ObjectPart part{{}, numbers[0], numbers[1], numbers[2], {}};
  for (std::size_t i = fixed; i < numbers.size(); i += 2) part.axes.push_back({numbers[i], numbers[i + 1]});
  if (part.axes.size() > most_axes || !part.fits())
    throw CorruptObject("a letter asks for a part that does not lie in its object");
  return part;
}

void pack(ObjectPart const& part, std::span<std::byte const> object, std::span<std::byte> out) noexcept {
  auto* to = out.data();
  for_each_row(part, [&](std::size_t at) {
    std::memcpy(to, object.data() + at, part.row);
    to += part.row;
  });
}

}  // namespace proxystore::mpi::detail
