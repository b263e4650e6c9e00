#include "reference.hpp"

#include <charconv>
#include <cstring>
#include <string>
#include <string_view>

#include <proxystore/error.hpp>

namespace proxystore::multi {
namespace {

constexpr std::string_view tag = "FW\n", escape = "FW\n=";

std::string_view text_of(Buffer const& object) { return {reinterpret_cast<char const*>(object.data()), object.size()}; }

}  // namespace

Buffer reference_to(Referred const& place) {
  auto const text = std::string(tag) + std::to_string(place.member) + ':' + place.key.text();
  return Buffer::copy_of(std::as_bytes(std::span(text)));
}

Buffer literal(Buffer object) {
  if (!text_of(object).starts_with(tag)) return object;
  Buffer escaped(escape.size() + object.size());
  std::memcpy(escaped.data(), escape.data(), escape.size());
  std::memcpy(escaped.data() + escape.size(), object.data(), object.size());
  return escaped;
}

std::optional<Referred> read_reference(Bytes const& object) {
  auto const text = object.text();
  if (!text.starts_with(tag) || text.starts_with(escape)) return std::nullopt;
  Referred place{};
  auto const* const end = text.data() + text.size();
  auto const [rest, error] = std::from_chars(text.data() + tag.size(), end, place.member);
  if (error != std::errc() || rest == end || *rest != ':')
    throw CorruptObject("a reference of a multi store names no connector");
  place.key = Key(std::string(rest + 1, end));
  return place;
}

Bytes read_literal(Bytes const& object) {
  return object.text().starts_with(escape) ? object.slice(escape.size()) : object;
}

Buffer again(Buffer const& object) {
  if (!object.owner()) return Buffer::copy_of(object.span());
  auto const memory = object.span();
  return {{const_cast<std::byte*>(memory.data()), memory.size()}, object.owner(), object.arena()};
}

}  // namespace proxystore::multi
