#include <proxystore/detail/npy.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include <proxystore/detail/wire.hpp>
#include <proxystore/error.hpp>

namespace proxystore::npy {
namespace {

constexpr std::string_view magic = "\x93NUMPY";
constexpr std::string_view beginning("NP\n\x93NUMPY\x01\0", wire::tag_size + 8);  // tag, magic, format 1.0
constexpr std::size_t fixed = wire::tag_size + 10;  // tag, magic, version, header length of format 1.0
constexpr std::size_t alignment = 64;
constexpr std::size_t most_dimensions = 64;  // as NumPy 2
constexpr char native_order = std::endian::native == std::endian::little ? '<' : '>';

std::optional<std::size_t> bytes_of(Shape const& shape, std::size_t element_size) {
  std::size_t total = element_size;
  for (std::size_t const extent : shape)
    if (extent == 0) return 0;
  for (std::size_t const extent : shape) {
    if (total != 0 && extent > std::numeric_limits<std::ptrdiff_t>::max() / total) return std::nullopt;
    total *= extent;
  }
  return total;
}

// The header in parts, as Prefix and NumPy write it.
constexpr std::string_view before_descr = "{'descr': '";
constexpr std::string_view before_shape = "', 'fortran_order': False, 'shape': (";
constexpr std::string_view after_only_extent = ",), }";
constexpr std::string_view after_shape = "), }";
constexpr std::string_view padding = "                                                                ";
static_assert(padding.size() == alignment);

constexpr std::size_t type_at = fixed + before_descr.size();
/// Of an array with elements of less than 10 bytes, spaces in place of its shape.
constexpr auto usual_prefix = [] {
  std::array<char, 2 * alignment> text;
  text.fill(' ');
  auto const end = std::copy(beginning.begin(), beginning.end(), text.begin());
  std::copy(before_descr.begin(), before_descr.end(), end + 2);  // behind the header's length
  std::copy(before_shape.begin(), before_shape.end(), text.begin() + type_at + 3);
  return text;
}();

/// Takes `words` from the front of `text`, if it begins so.
bool skip(std::string_view& text, std::string_view words) noexcept {
  if (!text.starts_with(words)) return false;
  text.remove_prefix(words.size());
  return true;
}

std::optional<std::size_t> take_number(std::string_view& text) noexcept {
  std::size_t value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

/// Reads a header of native or no byte order that is written word for word as Prefix and NumPy write it, which is what
/// nearly all are. `extent` is called with each extent, and says whether it may be. False: it is another header.
template <class Extent>
bool read_common(std::string_view text, Dtype& dtype, Extent const& extent) {
  if (!skip(text, before_descr) || text.size() < 3) return false;
  if (text[0] != native_order && text[0] != '|') return false;
  dtype.kind = text[1];
  text.remove_prefix(2);
  auto const size = take_number(text);
  if (!size || *size == 0 || dtype.kind == 'O' || !skip(text, before_shape)) return false;
  dtype.size = *size;
  for (bool first = true; !skip(text, after_shape); first = false) {
    auto const number = take_number(text);
    if (!number || !extent(*number)) return false;
    if (first && skip(text, after_only_extent)) break;
    if (!text.starts_with(after_shape) && !skip(text, ", ")) return false;
  }
  return !text.empty() && text.size() <= padding.size() && text.back() == '\n' &&
         padding.starts_with(text.substr(0, text.size() - 1));
}

/// Reads the header's Python literal: a dict of exactly descr, fortran_order and shape, in any order.
class HeaderReader {
 public:
  explicit HeaderReader(std::string_view text) : rest_(text) {}

  void read(Parsed& out) {
    take('{');
    int seen = 0;
    while (!peek('}')) {
      auto const name = quoted();
      take(':');
      if (name == "descr") descr(out), seen |= 1;
      else if (name == "fortran_order") out.fortran_order = boolean(), seen |= 2;
      else if (name == "shape") shape(out), seen |= 4;
      else fail("has an unknown field");
      if (!peek('}')) take(',');
    }
    take('}');
    skip();
    if (seen != 7 || !rest_.empty()) fail("is incomplete");
  }

 private:
  [[noreturn]] static void fail(char const* why) {
    throw CorruptObject(std::string("the header of an .npy array ") + why);
  }
  void skip() {
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\n' || rest_[0] == '\t')) rest_.remove_prefix(1);
  }
  bool peek(char c) {
    skip();
    return !rest_.empty() && rest_[0] == c;
  }
  void take(char c) {
    if (!peek(c)) fail("is malformed");
    rest_.remove_prefix(1);
  }
  std::string_view quoted() {
    char const quote = peek('"') ? '"' : '\'';
    take(quote);
    auto const end = rest_.find(quote);
    if (end == std::string_view::npos) fail("is malformed");
    auto const text = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return text;
  }
  bool boolean() {
    skip();
    for (auto const& [word, value] : {std::pair<std::string_view, bool>{"True", true}, {"False", false}})
      if (rest_.starts_with(word)) {
        rest_.remove_prefix(word.size());
        return value;
      }
    fail("is malformed");
  }
  std::size_t number(std::string_view text, std::string_view* after = nullptr) {
    std::size_t value = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc()) fail("has a malformed number");
    auto const left = text.substr(static_cast<std::size_t>(end - text.data()));
    if (after) *after = left;
    else if (!left.empty()) fail("has a malformed number");
    return value;
  }
  void descr(Parsed& out) {
    if (peek('[')) fail("describes records (only plain elements can be read)");
    auto const text = quoted();
    if (text.size() < 3) fail("has a malformed dtype");
    if (text[1] == 'O') fail("describes Python objects (they would have to be unpickled)");
    out.dtype = {text[1], number(text.substr(2))};
    bool const little = text[0] == '<', big = text[0] == '>';
    if (!little && !big && text[0] != '|' && text[0] != '=') fail("has a malformed dtype");
    out.swapped = out.dtype.size > 1 && out.dtype.kind != 'V' && (native_order == '<' ? big : little);
    if (out.dtype.size == 0) fail("describes elements without size");
  }
  void shape(Parsed& out) {
    take('(');
    while (!peek(')')) {
      skip();
      out.shape.push_back(number(rest_, &rest_));
      if (out.shape.size() > most_dimensions) fail("has more than 64 dimensions");
      if (!peek(')')) take(',');
    }
    take(')');
  }

  std::string_view rest_;
};

void swap_elements(std::byte* data, std::size_t bytes, Dtype dtype) {
  std::size_t const word = dtype.kind == 'c' ? dtype.size / 2 : dtype.size;
  for (std::size_t at = 0; at + word <= bytes; at += word) std::reverse(data + at, data + at + word);
}

/// Reading any other byte as bool is undefined.
bool all_booleans(Bytes const& data) {
  return std::all_of(data.span().begin(), data.span().end(), [](std::byte b) { return b <= std::byte{1}; });
}

/// Walks C order over data whose first index runs fastest.
void reorder(std::byte const* from, std::byte* to, Shape const& shape, std::size_t element) {
  Shape index(shape.size(), 0), stride(shape.size(), element);
  for (std::size_t i = 1; i < shape.size(); ++i) stride[i] = stride[i - 1] * shape[i - 1];
  for (std::size_t n = count(shape, 1), at = 0; n-- > 0; to += element) {
    std::memcpy(to, from + at, element);
    for (std::size_t axis = shape.size(); axis-- > 0;) {
      at += stride[axis];
      if (++index[axis] < shape[axis]) break;
      at -= stride[axis] * shape[axis];
      index[axis] = 0;
    }
  }
}

std::string describe(Dtype dtype) { return std::string(1, dtype.kind) + std::to_string(dtype.size); }

}  // namespace

std::size_t count(Shape const& shape, std::size_t element_size) {
  auto const bytes = bytes_of(shape, element_size);
  if (!bytes) throw InvalidArgument("an array's shape is too large for this machine");
  return *bytes / element_size;
}

Prefix::Prefix(Dtype dtype, std::span<std::size_t const> shape) {
  if (shape.size() > most_dimensions)
    throw InvalidArgument("an array of " + std::to_string(shape.size()) + " dimensions cannot be stored (at most " +
                          std::to_string(most_dimensions) + ")");
  // All but the type and the shape is the same nearly always.
  std::memcpy(text_, usual_prefix.data(), usual_prefix.size());
  text_[type_at] = dtype.size == 1 || dtype.kind == 'V' ? '|' : native_order;
  text_[type_at + 1] = dtype.kind;
  size_ = type_at + 2;
  if (dtype.size < 10) {
    text_[size_++] = static_cast<char>('0' + dtype.size);
    size_ += before_shape.size();
  } else {
    add(dtype.size);
    add(before_shape);
  }
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (i != 0) add(", ");
    add(shape[i]);
  }
  add(shape.size() == 1 ? after_only_extent : after_shape);
  auto const whole = (size_ / alignment + 1) * alignment;
  if (whole > usual_prefix.size()) std::memset(text_ + size_, ' ', whole - size_);
  size_ = whole;
  text_[size_ - 1] = '\n';
  auto const length = size_ - fixed;
  text_[fixed - 2] = static_cast<char>(length & 0xffU);
  text_[fixed - 1] = static_cast<char>(length >> 8U);
}

void Prefix::add(std::string_view words) noexcept {
  std::memcpy(text_ + size_, words.data(), words.size());
  size_ += words.size();
}
void Prefix::add(std::size_t number) noexcept {
  size_ = static_cast<std::size_t>(std::to_chars(text_ + size_, text_ + size_ + digits, number).ptr - text_);
}

Buffer encode(Dtype dtype, std::span<std::size_t const> shape, std::span<std::byte const> elements, Allocator& memory) {
  Prefix const prefix(dtype, shape);
  Buffer out = memory.allocate(prefix.size() + elements.size());
  std::memcpy(out.data(), prefix.bytes().data(), prefix.size());
  if (!elements.empty()) std::memcpy(out.data() + prefix.size(), elements.data(), elements.size());
  return out;
}

Parsed parse(Bytes const& object) {
  auto const tag = wire::expect(object, wire::numpy, "an array");
  auto const text = object.text().substr(tag);
  if (text.size() < 10 || !text.starts_with(magic)) throw CorruptObject("an array does not begin with .npy's magic");
  auto const byte = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(text[i])); };
  auto const version = byte(6);
  if (version < 1 || version > 3) throw CorruptObject("an array has .npy format " + std::to_string(version));
  std::size_t const start = version == 1 ? 10 : 12;
  if (text.size() < start) throw CorruptObject("an array ends within its header");
  std::size_t const length =
      version == 1 ? byte(8) | byte(9) << 8U : byte(8) | byte(9) << 8U | byte(10) << 16U | byte(11) << 24U;
  if (length > text.size() - start) throw CorruptObject("an array ends within its header");

  Parsed out;
  auto const header = text.substr(start, length);
  auto const keep = [&](std::size_t extent) {
    if (out.shape.empty()) out.shape.reserve(4);
    out.shape.push_back(extent);
    return out.shape.size() <= most_dimensions;
  };
  if (!read_common(header, out.dtype, keep)) {
    out.shape.clear();
    HeaderReader(header).read(out);
  }
  out.data = object.slice(tag + start + length);
  auto const bytes = bytes_of(out.shape, out.dtype.size);
  if (!bytes || *bytes != out.data.size())
    throw CorruptObject("an array's shape does not fit its " + std::to_string(out.data.size()) + " bytes of data");
  return out;
}

std::optional<std::span<std::byte const>> vector_data(Bytes const& object, Dtype wanted) noexcept {
  auto const text = object.text();
  if (text.size() < fixed || !text.starts_with(beginning)) return std::nullopt;
  auto const byte = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(text[i])); };
  auto const length = byte(fixed - 2) | byte(fixed - 1) << 8U;
  if (length > text.size() - fixed) return std::nullopt;
  Dtype dtype{};
  std::size_t dimensions = 0, size = 0;
  auto const keep = [&](std::size_t extent) {
    size = extent;
    return ++dimensions == 1;
  };
  if (!read_common(text.substr(fixed, length), dtype, keep) || dimensions != 1 || dtype != wanted) return std::nullopt;
  auto const data = object.span().subspan(fixed + length);
  if (data.size() % dtype.size != 0 || data.size() / dtype.size != size) return std::nullopt;
  return data;
}

Bytes native(Parsed const& parsed, Dtype wanted, std::size_t alignment_wanted) {
  if (parsed.dtype != wanted)
    throw CorruptObject("an array of " + describe(parsed.dtype) + " cannot be read as " + describe(wanted));
  if (wanted.kind == 'b' && !all_booleans(parsed.data)) throw CorruptObject("an array of bool has other bytes than 0 and 1");
  bool const turn = parsed.fortran_order && parsed.shape.size() > 1;
  bool const aligned = reinterpret_cast<std::uintptr_t>(parsed.data.data()) % alignment_wanted == 0;
  if (!turn && !parsed.swapped) return aligned ? parsed.data : Bytes::copy_of(parsed.data.span());
  Buffer out(parsed.data.size());
  if (turn) reorder(parsed.data.data(), out.data(), parsed.shape, parsed.dtype.size);
  else if (!parsed.data.empty()) std::memcpy(out.data(), parsed.data.data(), parsed.data.size());
  if (parsed.swapped) swap_elements(out.data(), out.size(), parsed.dtype);
  return std::move(out).freeze();
}

}  // namespace proxystore::npy
