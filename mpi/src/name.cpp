#include "name.hpp"

#include <array>
#include <charconv>

namespace proxystore::mpi::detail {
namespace {

constexpr std::size_t most_digits = 12;  // 36^12 < 2^63

void append(std::string& text, std::uint64_t number) {
  std::array<char, 16> digits;
  auto const end = std::to_chars(digits.data(), digits.data() + digits.size(), number, 36).ptr;
  text.append(digits.data(), end);
}

}  // namespace

std::optional<Name> parse_name(std::string_view text) noexcept {
  std::array<std::uint64_t, 3> part{};
  std::size_t at = 0, digits = 0;
  bool declared = false;
  for (char const c : text) {
    if (c == '.' || (c == ':' && at == 0)) {
      if (digits == 0 || ++at == part.size()) return std::nullopt;
      declared |= c == ':';
      digits = 0;
      continue;
    }
    unsigned const digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'z' ? c - 'a' + 10U : 36U;
    if (digit == 36 || ++digits > most_digits) return std::nullopt;
    part[at] = part[at] * 36 + digit;
  }
  if (at + 1 != part.size() || digits == 0 || part[2] == 0 || part[2] >> 56U != 0 || part[0] >= Name::nobody)
    return std::nullopt;
  // A slot counts its lives in 56 bits.
  auto const home = static_cast<std::uint32_t>(part[0]);
  if (!declared) return Name{home, Name::nobody, part[1], part[2]};
  if (part[1] >= Name::nobody) return std::nullopt;
  return Name{home, static_cast<std::uint32_t>(part[1]), part[2], 0};
}

std::string text_of(Name const& name) {
  std::string text;
  append(text, name.home);
  append(text += name.declared() ? ':' : '.', name.declared() ? name.maker : name.number);
  append(text += '.', name.declared() ? name.number : name.generation);
  return text;
}

}  // namespace proxystore::mpi::detail
