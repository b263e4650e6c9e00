#include "name.hpp"

#include <proxystore/error.hpp>

namespace proxystore::file {

bool is_uuid(std::string_view text) noexcept {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    bool const dash = i == 8 || i == 13 || i == 18 || i == 23;
    bool const digit = (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f');
    if (dash ? text[i] != '-' : !digit) return false;
  }
  return true;
}

Name Name::fresh_put() {
  std::string text = make_uuid_key().text();
  text[version_at] = '8';
  return Name(std::move(text));
}

std::optional<Name> Name::of(Key const& key) {
  if (is_uuid(key.text())) return Name(key.text());
  if (key.text().find('/') != std::string::npos)
    throw InvalidArgument("key '" + key.text() + "' is a path (it would lead out of the store's directory) the keys " +
                          "of a file store are UUIDs");
  return std::nullopt;
}

}  // namespace proxystore::file
