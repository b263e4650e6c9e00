#include <proxystore/segments/format.hpp>

#include <bit>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <random>

#include "hasher.hpp"

namespace proxystore::segments {
namespace {

static_assert(std::endian::native == std::endian::little, "segments are written as they lie in memory");

constexpr std::string_view file_magic = "pxsegm1\n", record_magic = "psr1";
constexpr std::uint32_t version = 1;

template <class Header>
std::uint64_t check_of(Header const& header, std::uint64_t seed) noexcept {
  return seeded_hash_of(std::as_bytes(std::span(&header, 1)).first(offsetof(Header, check)), seed);
}

template <class Header>
Header copied(std::span<std::byte const> bytes) noexcept {
  Header header;
  std::memcpy(&header, bytes.data(), sizeof header);
  return header;
}

template <class Number>
bool read_number(std::string_view text, Number& number) {
  auto const [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && rest == text.data() + text.size() && (text.size() == 1 || text.front() != '0');
}

}  // namespace

FileHeader make_file_header(std::string_view session, std::uint32_t rank, std::uint64_t number) {
  std::random_device random;
  FileHeader header{};
  file_magic.copy(header.magic, sizeof header.magic);
  header.version = version;
  header.rank = rank;
  header.number = number;
  header.salt = std::uint64_t{random()} << 32U | random();
  session.copy(header.session, sizeof header.session);
  header.check = check_of(header, 0);
  return header;
}

std::optional<FileHeader> read_file_header(std::span<std::byte const> bytes) noexcept {
  auto const header = copied<FileHeader>(bytes);
  if (std::string_view(header.magic, sizeof header.magic) != file_magic || header.version != version ||
      header.check != check_of(header, 0))
    return std::nullopt;
  return header;
}

RecordHeader make_record(std::uint64_t salt, Kind kind, std::string_view key, std::uint64_t bytes, std::uint64_t hash,
                         std::uint64_t offset, State state) noexcept {
  RecordHeader header{};
  record_magic.copy(header.magic, sizeof header.magic);
  header.kind = kind;
  header.bytes = bytes;
  header.hash = hash;
  header.offset = offset;
  header.key_bytes = static_cast<std::uint32_t>(key.copy(header.key, sizeof header.key));
  header.check = check_of(header, salt);
  header.state = state;
  return header;
}

std::optional<RecordHeader> read_record(std::span<std::byte const> bytes, std::uint64_t salt,
                                        std::uint64_t offset) noexcept {
  if (std::memcmp(bytes.data(), record_magic.data(), record_magic.size()) != 0) return std::nullopt;
  auto const header = copied<RecordHeader>(bytes);
  if (header.check != check_of(header, salt) || header.offset != offset || header.key_bytes > most_key ||
      header.bytes > most_bytes)
    return std::nullopt;
  return header;
}

std::string session_file(std::string_view session) { return std::string(session) + ".session"; }

bool is_uuid(std::string_view text) noexcept {
  if (text.size() != session_bytes) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    bool const dash = i == 8 || i == 13 || i == 18 || i == 23;
    bool const digit = (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f');
    if (dash ? text[i] != '-' : !digit) return false;
  }
  return true;
}

std::string FileName::text() const {
  return session + '.' + std::to_string(rank) + '.' + std::to_string(number) +
         (kind == Kind::tombstone ? ".gone" : ".seg");
}

std::optional<FileName> FileName::parse(std::string_view text) {
  FileName name;
  if (text.size() < session_bytes || !is_uuid(text.substr(0, session_bytes))) return std::nullopt;
  name.session = text.substr(0, session_bytes);
  text.remove_prefix(session_bytes);
  if (text.ends_with(".gone")) name.kind = Kind::tombstone;
  else if (!text.ends_with(".seg")) return std::nullopt;
  text.remove_suffix(name.kind == Kind::tombstone ? 5 : 4);
  auto const dot = text.rfind('.');
  if (dot == 0 || dot == text.npos || text.front() != '.') return std::nullopt;
  if (!read_number(text.substr(1, dot - 1), name.rank) || !read_number(text.substr(dot + 1), name.number))
    return std::nullopt;
  return name;
}

}  // namespace proxystore::segments
