#include "name.hpp"

#include <array>
#include <charconv>

namespace proxystore::mpi::detail {
namespace {

constexpr std::size_t most_digits = 12;  // 36^12 < 2^63

constexpr std::uint8_t no_digit = 36;
constexpr auto digit_of = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(no_digit);
  constexpr std::string_view digits = "0123456789abcdefghijklmnopqrstuvwxyz";
  for (std::uint8_t i = 0; i < no_digit; ++i) values[static_cast<unsigned char>(digits[i])] = i;
  return values;
}();

constexpr std::uint64_t no_number = UINT64_MAX;

/// The number that begins at `at`, which goes behind it; or no_number: there is none, or it is too long.
inline std::uint64_t number(char const*& at, char const* end) noexcept {
  auto const* const first = at;
  std::uint64_t value = 0;
  for (; at != end; ++at) {
    auto const digit = digit_of[static_cast<unsigned char>(*at)];
    if (digit == no_digit) break;
    value = value * no_digit + digit;
  }
  auto const digits = static_cast<std::size_t>(at - first);
  return digits - 1 < most_digits ? value : no_number;
}

}  // namespace

std::optional<Name> parse_name(std::string_view text) noexcept {
  auto const* at = text.data();
  auto const* const end = at + text.size();
  auto const take = [&](char c) { return at != end && *at == c && (++at, true); };
  auto const home = number(at, end);
  bool const declared = take(':');
  if (home >= Name::nobody || (!declared && !take('.'))) return std::nullopt;
  auto const second = number(at, end);
  if (second == no_number || !take('.')) return std::nullopt;
  auto const third = number(at, end);
  // A slot counts its lives in 56 bits.
  if (third == 0 || third >> 56U != 0 || at != end) return std::nullopt;
  auto const rank = static_cast<std::uint32_t>(home);
  if (!declared) return Name{rank, Name::nobody, second, third};
  if (second >= Name::nobody) return std::nullopt;
  return Name{rank, static_cast<std::uint32_t>(second), third, 0};
}

std::string text_of(Name const& name) {
  std::array<char, 48> text;  // three times 13 digits at most
  auto* at = text.data();
  auto* const last = text.data() + text.size() - 1;
  auto const add = [&](std::uint64_t value) { at = std::to_chars(at, last, value, no_digit).ptr; };
  add(name.home);
  *at++ = name.declared() ? ':' : '.';
  add(name.declared() ? name.maker : name.number);
  *at++ = '.';
  add(name.declared() ? name.number : name.generation);
  return {text.data(), at};
}

}  // namespace proxystore::mpi::detail
