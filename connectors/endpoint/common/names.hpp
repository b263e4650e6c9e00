#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace proxystore::detail {

/// A UUID as Python's UUID(text, version=4) reads it, in lower case with dashes: version and variant are forced.
/// nullopt: not 32 hexadecimal digits.
std::optional<std::string> uuid_of(std::string_view text);

/// Percent-encoded for the query of a URL, and back; nullopt for a broken escape.
std::string url_encode(std::string_view text);
std::optional<std::string> url_decode(std::string_view text);

}  // namespace proxystore::detail
