#include <proxystore/config.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

#include <proxystore/error.hpp>

namespace proxystore {
namespace {

bool plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-._~/:@,+[]").find(c) != std::string_view::npos;
}

std::string encode(std::string_view text) {
  constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (char const c : text) {
    if (plain(c)) {
      out += c;
    } else {
      auto const byte = static_cast<unsigned char>(c);
      out += {'%', digits[byte >> 4U], digits[byte & 15U]};
    }
  }
  return out;
}

bool may_hold_secret(std::string_view text) {
  return text.find('@') != text.npos || text.find("password") != text.npos;
}

/// A text that is malformed, for an error: what a password is cannot be told then.
std::string shown(std::string_view text) {
  return may_hold_secret(text) ? std::string(text.substr(0, text.find(':') + 1)) + "..." : std::string(text);
}

std::string decode(std::string_view text, std::string_view whole) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    unsigned byte = 0;
    auto const* first = text.data() + i + 1;
    if (i + 3 > text.size() || std::from_chars(first, first + 2, byte, 16).ptr != first + 2)
      throw ConfigError("connector text '" + shown(whole) + "' has a broken escape (% needs two hex digits)");
    out += static_cast<char>(byte);
    i += 2;
  }
  return out;
}

/// Replaces the password of each `//user:password@`. In the location of the whole text it may hold an `&`.
void hide_after_colons(std::string& text) {
  for (auto slashes = text.find("//"); slashes != text.npos; slashes = text.find("//", slashes + 2)) {
    auto const options = text.find('?');
    auto const end = std::min(slashes < options ? options : text.find_first_of("?&", slashes), text.size());
    auto const colon = text.find(':', slashes), at = text.rfind('@', end);
    if (at != text.npos && slashes < at && colon < at && at < end) text.replace(colon + 1, at - colon - 1, "***");
  }
}

void hide_values(std::string& text, std::string_view option) {
  for (auto found = text.find(option); found != text.npos; found = text.find(option, found + option.size())) {
    auto const value = found + option.size();
    auto const end =
        option.back() == '=' ? text.find('&', value) : std::min(text.find('&', value), text.find("%26", value));
    text.replace(value, std::min(end, text.size()) - value, "***");
  }
}

struct Unit {
  std::string_view name;
  double factor;
};

constexpr std::array<Unit, 10> size_units{{{"", 1}, {"B", 1}, {"KiB", 0x1p10}, {"MiB", 0x1p20}, {"GiB", 0x1p30},
                                           {"TiB", 0x1p40}, {"kB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}}};
constexpr std::array<Unit, 6> time_units{
    {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"min", 60e9}, {"h", 3600e9}}};

template <class Units>
double quantity(std::string const& option, std::string const& text, Units const& units, std::string_view example) {
  double number = 0;
  auto const [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  std::string_view const unit(rest, static_cast<std::size_t>(text.data() + text.size() - rest));
  auto const found = std::find_if(units.begin(), units.end(), [&](Unit const& u) { return u.name == unit; });
  if (error == std::errc() && found != units.end() && std::isfinite(number) && number >= 0 &&
      number * found->factor < 0x1p62)
    return number * found->factor;
  throw ConfigError("option " + option + "=" + text + " is not understood; write for example " + std::string(example));
}

}  // namespace

Config::Config(std::string kind, std::string location, std::map<std::string, std::string> options)
    : kind_(std::move(kind)), location_(std::move(location)), options_(std::move(options)) {}

Config Config::parse(std::string_view text) {
  auto const colon = text.find(':');
  auto const known = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '+';
  };
  if (colon == std::string_view::npos || colon == 0 || !std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(colon), known))
    throw ConfigError("connector text '" + shown(text) +
                      "' names no kind; write kind:location?option=value, for example local: or rma:?capacity=1GiB");
  Config config{std::string(text.substr(0, colon))};
  auto rest = text.substr(colon + 1);
  auto const question = rest.find('?');
  config.location_ = decode(rest.substr(0, question), text);
  rest = question == std::string_view::npos ? std::string_view() : rest.substr(question + 1);
  while (!rest.empty()) {
    auto const item = rest.substr(0, rest.find('&'));
    rest = item.size() == rest.size() ? std::string_view() : rest.substr(item.size() + 1);
    auto const equals = item.find('=');
    if (equals == std::string_view::npos || equals == 0)
      throw ConfigError("connector text '" + shown(text) + "' has a malformed option" +
                        (may_hold_secret(text) ? "" : " '" + std::string(item) + "'") + "; write option=value");
    auto const [at, fresh] =
        config.options_.emplace(decode(item.substr(0, equals), text), decode(item.substr(equals + 1), text));
    if (!fresh) throw ConfigError("connector text '" + shown(text) + "' gives option " + at->first + " twice");
  }
  return config;
}

std::string Config::without_secrets(std::string_view text) {
  std::string shown(text);
  hide_after_colons(shown);
  hide_values(shown, "password=");
  hide_values(shown, "password%3D");  // of a text within the text
  return shown;
}

std::string Config::to_string() const {
  std::string out = kind_ + ':' + encode(location_);
  char separator = '?';
  for (auto const& [option, value] : options_) {
    out += separator + encode(option) + '=' + encode(value);
    separator = '&';
  }
  return out;
}

Config& Config::set(std::string const& option, std::string value) {
  options_[option] = std::move(value);
  return *this;
}

std::optional<std::string> Config::text(std::string const& option) const {
  auto const found = options_.find(option);
  return found == options_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::size_t> Config::size(std::string const& option) const {
  auto const value = text(option);
  if (!value) return std::nullopt;
  return static_cast<std::size_t>(quantity(option, *value, size_units, option + "=64MiB"));
}

std::optional<std::chrono::nanoseconds> Config::duration(std::string const& option) const {
  auto const value = text(option);
  if (!value) return std::nullopt;
  return std::chrono::nanoseconds(
      static_cast<std::chrono::nanoseconds::rep>(quantity(option, *value, time_units, option + "=250ms")));
}

std::optional<bool> Config::flag(std::string const& option) const {
  auto const value = text(option);
  if (!value) return std::nullopt;
  for (auto const* yes : {"true", "yes", "on", "1"})
    if (*value == yes) return true;
  for (auto const* no : {"false", "no", "off", "0"})
    if (*value == no) return false;
  throw ConfigError("option " + option + "=" + *value + " is not understood; write yes or no");
}

void Config::expect_only(std::initializer_list<std::string_view> known) const {
  for (auto const& [option, value] : options_) {
    if (std::find(known.begin(), known.end(), option) != known.end()) continue;
    std::string names;
    for (auto const name : known) names += (names.empty() ? "" : ", ") + std::string(name);
    throw ConfigError("connector " + kind_ + " has no option '" + option + "' (it has: " +
                      (names.empty() ? "none" : names) + ")");
  }
}

}  // namespace proxystore
