#include <proxystore/detail/wire.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cctype>
#include <cstring>
#include <string>
#include <vector>

#include <proxystore/serializer.hpp>

namespace proxystore {
namespace wire {
namespace {

constexpr bool big_endian = std::endian::native == std::endian::big;

char here(char kind) {  // the kind as this machine writes it
  return big_endian ? static_cast<char>(std::toupper(static_cast<unsigned char>(kind))) : kind;
}

template <class N>
N little(N value) {
  if constexpr (!big_endian) return value;
  auto bytes = std::bit_cast<std::array<std::byte, sizeof(N)>>(value);
  std::reverse(bytes.begin(), bytes.end());
  return std::bit_cast<N>(bytes);
}

std::string printable(std::string_view text) {
  std::string out;
  for (char const c : text.substr(0, 16)) out += std::isprint(static_cast<unsigned char>(c)) ? c : '.';
  return out;
}

[[noreturn]] void wrong_pod(PodHeader const& header, char kind, std::uint32_t element_size) {
  bool const other_order = std::tolower(static_cast<unsigned char>(header.kind)) == kind && header.kind != here(kind);
  throw CorruptObject(std::string("a TC object of kind '") + printable({&header.kind, 1}) + "' and element size " +
                      std::to_string(little(header.element_size)) + " cannot be read as kind '" + here(kind) +
                      "' of size " + std::to_string(element_size) +
                      (other_order ? " (it was written on a machine of the other byte order)" : ""));
}

}  // namespace

void write_tag(std::span<std::byte> out, std::string_view identifier) noexcept {
  std::memcpy(out.data(), identifier.data(), tag_size - 1);
  out[tag_size - 1] = std::byte{'\n'};
}

namespace {

/// The identifier line without its end, and how long it is with that.
std::pair<std::string_view, std::size_t> first_line(Bytes const& object) {
  constexpr std::size_t longest = 16;
  auto const head = object.text().substr(0, longest);
  auto const end = head.find('\n');
  if (end == std::string_view::npos)
    throw CorruptObject("an object of " + std::to_string(object.size()) +
                        " bytes has no identifier line (it was not written by a store)");
  auto identifier = head.substr(0, end);
  if (identifier.ends_with('\r')) identifier.remove_suffix(1);
  return {identifier, end + 1};
}

}  // namespace

Tagged split(Bytes const& object) {
  auto const [identifier, size] = first_line(object);
  return {identifier, object.slice(size)};
}

void unexpected(std::string_view identifier, std::string_view wanted) {
  std::string what = "an object with identifier '" + printable(identifier) + "' cannot be read as " + std::string(wanted);
  if (identifier == "PK" || identifier == "CP")
    what += " (it was pickled by Python); send bytes, str or a NumPy array from there";
  else if (identifier == failure)
    what += " (it is the failure of its producer)";
  else
    what += " (it holds another type, or was not written by a store)";
  throw CorruptObject(what);
}

std::size_t expect(Bytes const& object, std::string_view expected, std::string_view wanted) {
  auto const [identifier, size] = first_line(object);
  if (identifier != expected) unexpected(identifier, wanted);
  return size;
}

Buffer tagged_copy(std::string_view identifier, std::span<std::byte const> payload, Allocator& memory) {
  Buffer out = memory.allocate(tag_size + payload.size());
  write_tag(out.span(), identifier);
  if (!payload.empty()) std::memcpy(out.data() + tag_size, payload.data(), payload.size());
  return out;
}

Buffer write_pods(char kind, std::uint32_t element_size, std::uint64_t count, void const* elements, Allocator& memory) {
  auto const size = static_cast<std::size_t>(count) * element_size;
  Buffer out = memory.allocate(sizeof(PodHeader) + size);
  PodHeader const header{{'T', 'C', '\n'}, here(kind), little(element_size), little(count)};
  std::memcpy(out.data(), &header, sizeof header);
  if (size != 0) std::memcpy(out.data() + sizeof header, elements, size);
  return out;
}

std::span<std::byte const> read_pods(Bytes const& object, char kind, std::uint32_t element_size) {
  if (!object.text().starts_with("TC\n")) unexpected(first_line(object).first, "a trivially copyable type");
  if (object.size() < sizeof(PodHeader)) throw CorruptObject("a TC object ends within its header");
  PodHeader header;
  std::memcpy(&header, object.data(), sizeof header);
  auto const data = object.span().subspan(sizeof header);
  if (header.kind != here(kind) || little(header.element_size) != element_size)
    wrong_pod(header, kind, element_size);
  if (data.size() % element_size != 0 || data.size() / element_size != little(header.count))
    throw CorruptObject("a TC object claims " + std::to_string(little(header.count)) + " elements of " +
                        std::to_string(element_size) + " bytes but has " + std::to_string(data.size()) + " bytes");
  return data;
}

Buffer encode_failure(Failure const& failure_value) {
  std::vector<std::byte> out(tag_size);
  write_tag(out, failure);
  detail::PortableWriter archive(out);
  archive(failure_value.type, failure_value.message, failure_value.origin);
  return Buffer::copy_of(out);
}

std::optional<Failure> decode_failure(Bytes const& object) {
  if (!object.text().starts_with("EX\n")) return std::nullopt;
  Failure out;
  detail::PortableReader archive(object.span().subspan(tag_size));
  archive(out.type, out.message, out.origin);
  if (archive.remaining() != 0) throw CorruptObject("a failure has bytes after its end");
  return out;
}

}  // namespace wire

Buffer Serializer<std::vector<std::byte>>::encode(std::vector<std::byte> const& value, Allocator& memory) {
  return wire::tagged_copy(wire::raw, value, memory);
}
std::vector<std::byte> Serializer<std::vector<std::byte>>::decode(Bytes const& object) {
  auto const payload = object.span().subspan(wire::expect(object, wire::raw, "raw bytes"));
  return {payload.begin(), payload.end()};
}

Buffer Serializer<Bytes>::encode(Bytes const& value, Allocator& memory) {
  return wire::tagged_copy(wire::raw, value.span(), memory);
}
Bytes Serializer<Bytes>::decode(Bytes const& object) {
  return object.slice(wire::expect(object, wire::raw, "raw bytes"));
}

Buffer Serializer<std::string>::encode(std::string const& value, Allocator& memory) {
  return wire::tagged_copy(wire::utf8, std::as_bytes(std::span(value)), memory);
}
std::string Serializer<std::string>::decode(Bytes const& object) {
  return std::string(object.text().substr(wire::expect(object, wire::utf8, "a string")));
}

}  // namespace proxystore
