#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace proxystore::mpi::detail {

/// What a key's text says: which rank is home to the object, and which of its objects it is. Two kinds:
///
///     home.index.generation   made by its home: a slot of the home's slab, in one of its lives
///     home:maker.count        made by another rank without asking (a declared producer on another node):
///                             the count-th that `maker` made for `home`; it comes into being at first touch
///
/// Numbers in base 36. Ranks are those of the store's communicator.
struct Name {
  static constexpr std::uint32_t nobody = UINT32_MAX;

  std::uint32_t home = nobody;
  std::uint32_t maker = nobody;  // nobody: made by its home
  std::uint64_t number = 0;      // index of the slot, or count
  std::uint64_t generation = 0;  // 0: declared

  bool declared() const noexcept { return maker != nobody; }
  friend bool operator==(Name const&, Name const&) = default;
};

/// nullopt: no key of this connector.
std::optional<Name> parse_name(std::string_view text) noexcept;
std::string text_of(Name const& name);

struct NameHash {
  std::size_t operator()(Name const& name) const noexcept {
    auto const mix = [](std::uint64_t x) {  // finalizer of splitmix64
      x = (x ^ x >> 30U) * 0xbf58476d1ce4e5b9U;
      x = (x ^ x >> 27U) * 0x94d049bb133111ebU;
      return x ^ x >> 31U;
    };
    return mix(mix(mix(std::uint64_t{name.home} << 32U | name.maker) + name.number) + name.generation);
  }
};

}  // namespace proxystore::mpi::detail
