// From the nodes of a pickle to a Value: what is on the list of allowed types, and nothing else.
#include <proxystore/pickle.hpp>

#include <charconv>
#include <cstring>
#include <optional>

#include "unpickler.hpp"

namespace proxystore::pickle {
namespace {

using Kind = Node::Kind;

[[noreturn]] void refuse(std::string const& what) {
  throw CorruptObject("a pickle holds " + what +
                      ", which is not read here (None, bool, int, float, str, bytes, list, "
                      "tuple, dict, set and numpy.ndarray are) put it as one of these");
}

[[noreturn]] void broken_array(std::string const& why) {
  throw CorruptObject("a numpy.ndarray in a pickle is damaged (" + why + ")");
}

struct Type {
  npy::Dtype dtype;
  bool swapped;
};

class Loader {
 public:
  explicit Loader(Bytes const& pickle)
      : bytes_(pickle), pickle_(pickle), room_((std::size_t{1} << 20U) + 16 * pickle.size()) {}

  Value root() { return value(pickle_.root(), 0); }

 private:
  Value value(Node const& node, std::size_t depth);
  std::vector<Value> values(Node const& node, std::size_t depth);
  Dict dict(Node const& node, std::size_t depth);
  Value call(Node const& node);
  Value scalar(Type type, std::string_view data);
  NdArray array(Type type, Shape shape, bool fortran_order, Node const& data);
  Type type_of(Node const& node) const;
  Type type_in(std::string_view text) const;
  Shape shape_of(Node const& node) const;
  Node const& child(Node const& node, std::size_t i) const;
  bool is_global(Node const& node, std::string_view module, std::string_view name) const;
  void pay(std::size_t bytes);

  Bytes const& bytes_;
  Unpickler const pickle_;
  std::size_t room_;      // bytes of text that may still be copied
  std::size_t made_ = 0;  // values
};

/// An object that stands at many places becomes as many values: a small pickle could name far more than there is
/// memory.
void Loader::pay(std::size_t bytes) {
  if (++made_ > most_objects || bytes > room_)
    throw CorruptObject(
        "a pickle is far larger than its bytes (it refers to the same objects over and over), which is "
        "not read here");
  room_ -= bytes;
}

Node const& Loader::child(Node const& node, std::size_t i) const {
  if (i >= node.items.size()) broken_array("something is missing");
  return pickle_.at(node.items[i]);
}

/// Modules of NumPy before and after 2.0.
bool Loader::is_global(Node const& node, std::string_view module, std::string_view name) const {
  if (node.kind != Kind::global || node.name != name) return false;
  auto const dot = module.find('.');
  if (dot == module.npos) return node.text == module;
  return node.text == module || node.text == "numpy._core" + std::string(module.substr(module.find('.', dot + 1)));
}

Value Loader::value(Node const& node, std::size_t depth) {
  if (depth > most_depth)
    throw CorruptObject("a pickle is more than " + std::to_string(most_depth) +
                        " values deep, or holds itself, which is not read here");
  pay(node.kind == Kind::text || node.kind == Kind::bytes ? node.text.size() : 0);
  switch (node.kind) {
    case Kind::none: return {};
    case Kind::boolean: return node.integer != 0;
    case Kind::integer: return node.integer;
    case Kind::real: return node.real;
    case Kind::text: return node.text;
    case Kind::bytes: {
      auto const bytes = std::as_bytes(std::span(node.text));
      return std::vector<std::byte>(bytes.begin(), bytes.end());
    }
    case Kind::list: return List(values(node, depth));
    case Kind::tuple: return Tuple(values(node, depth));
    case Kind::set: return Set(values(node, depth));
    case Kind::dict: return dict(node, depth);
    case Kind::call: return call(node);
    case Kind::global: break;
  }
  refuse(describe(pickle_, node));
}

std::vector<Value> Loader::values(Node const& node, std::size_t depth) {
  std::vector<Value> values;
  values.reserve(node.items.size());
  for (auto const item : node.items) values.push_back(value(pickle_.at(item), depth + 1));
  return values;
}

Dict Loader::dict(Node const& node, std::size_t depth) {
  Dict dict;
  dict.items.reserve(node.items.size() / 2);
  for (std::size_t i = 0; i < node.items.size(); i += 2) {
    auto key = value(pickle_.at(node.items[i]), depth + 1);
    dict.items.emplace_back(std::move(key), value(pickle_.at(node.items[i + 1]), depth + 1));
  }
  return dict;
}

/// The ways in which NumPy pickles arrays and scalars, and the one in which we do.
Value Loader::call(Node const& node) {
  auto const& what = child(node, 0);
  auto const& arguments = child(node, 1);
  if (is_global(what, "numpy.core.numeric", "_frombuffer")) {
    auto const fortran = child(arguments, 3).text == "F";
    return array(type_of(child(arguments, 1)), shape_of(child(arguments, 2)), fortran, child(arguments, 0));
  }
  if (is_global(what, "numpy.core.multiarray", "_reconstruct")) {
    auto const& state = child(node, 2);
    return array(type_of(child(state, 2)), shape_of(child(state, 1)), child(state, 3).integer != 0, child(state, 4));
  }
  if (is_global(what, "numpy", "ndarray"))
    return array(type_of(child(arguments, 1)), shape_of(child(arguments, 0)), false, child(arguments, 2));
  if (is_global(what, "numpy.core.multiarray", "scalar"))
    return scalar(type_of(child(arguments, 0)), child(arguments, 1).text);
  refuse(describe(pickle_, node));
}

NdArray Loader::array(Type type, Shape shape, bool fortran_order, Node const& data) {
  if (data.kind != Kind::bytes) broken_array("its data are " + describe(pickle_, data));
  std::size_t elements = 0;
  try {
    elements = npy::count(shape, type.dtype.size);
  } catch (InvalidArgument const& error) {
    broken_array(error.what());
  }
  if (shape.size() > 64) broken_array("it has more than 64 dimensions");
  if (data.text.size() != elements * type.dtype.size)
    broken_array("its shape needs " + std::to_string(elements * type.dtype.size) + " bytes, there are " +
                 std::to_string(data.text.size()));
  if (type.swapped || fortran_order) pay(data.text.size());
  auto const offset = data.text.empty() ? 0 : static_cast<std::size_t>(data.text.data() - bytes_.text().data());
  npy::Parsed parsed{type.dtype, type.swapped, fortran_order, std::move(shape), bytes_.slice(offset, data.text.size())};
  auto native = npy::native(parsed, type.dtype, 1);
  return {type.dtype, std::move(parsed.shape), std::move(native)};
}

Value Loader::scalar(Type type, std::string_view data) {
  Node node{Kind::bytes};
  node.text = data;
  auto const one = array(type, {}, false, node);
  auto const read = [&]<class T>(T value) {
    std::memcpy(&value, one.data.data(), sizeof value);
    return value;
  };
  if (type.dtype == npy::dtype_of<double>()) return read(double{});
  if (type.dtype == npy::dtype_of<float>()) return read(float{});
  if (type.dtype == npy::dtype_of<bool>()) return read(char{}) != 0;
  if (type.dtype == npy::dtype_of<std::int64_t>()) return read(std::int64_t{});
  if (type.dtype == npy::dtype_of<std::int32_t>()) return read(std::int32_t{});
  if (type.dtype == npy::dtype_of<std::int16_t>()) return read(std::int16_t{});
  if (type.dtype == npy::dtype_of<std::int8_t>()) return read(std::int8_t{});
  if (type.dtype == npy::dtype_of<std::uint32_t>()) return read(std::uint32_t{});
  if (type.dtype == npy::dtype_of<std::uint16_t>()) return read(std::uint16_t{});
  if (type.dtype == npy::dtype_of<std::uint8_t>()) return read(std::uint8_t{});
  if (type.dtype == npy::dtype_of<std::uint64_t>())
    if (auto const value = read(std::uint64_t{}); std::in_range<std::int64_t>(value)) return value;
  refuse("a scalar of NumPy of type " + std::string{type.dtype.kind} + std::to_string(type.dtype.size));
}

/// numpy.dtype('f8', False, True) with state (3, '<', …), or just '<f8'.
Type Loader::type_of(Node const& node) const {
  if (node.kind == Kind::text) return type_in(node.text);
  if (node.kind != Kind::call || !is_global(child(node, 0), "numpy", "dtype"))
    broken_array("its dtype is " + describe(pickle_, node));
  auto type = type_in(child(child(node, 1), 0).text);
  if (node.items.size() > 2) {
    auto const order = child(child(node, 2), 1).text;
    type.swapped =
        type.swapped || (type.dtype.size > 1 && order == (std::endian::native == std::endian::little ? ">" : "<"));
  }
  return type;
}

Type Loader::type_in(std::string_view text) const {
  auto name = text;
  char order = '=';
  if (!name.empty() && std::string_view("<>|=").find(name[0]) != name.npos) {
    order = name[0];
    name.remove_prefix(1);
  }
  std::size_t size = 0;
  auto const* const end = name.data() + name.size();
  bool const good = name.size() > 1 && std::from_chars(name.data() + 1, end, size).ptr == end &&
                    ((name[0] == 'b' && size == 1) || (name[0] == 'f' && (size == 4 || size == 8)) ||
                     (name[0] == 'c' && (size == 8 || size == 16)) ||
                     ((name[0] == 'i' || name[0] == 'u') && (size == 1 || size == 2 || size == 4 || size == 8)));
  if (!good) refuse("a numpy.ndarray of type '" + std::string(text) + "'");
  bool const big = order == '>', little = order == '<';
  return {{name[0], size}, size > 1 && (std::endian::native == std::endian::little ? big : little)};
}

Shape Loader::shape_of(Node const& node) const {
  if (node.kind != Kind::tuple) broken_array("its shape is " + describe(pickle_, node));
  Shape shape;
  for (auto const item : node.items) {
    auto const& extent = pickle_.at(item);
    if (extent.kind != Kind::integer || extent.integer < 0) broken_array("an extent is " + describe(pickle_, extent));
    shape.push_back(static_cast<std::size_t>(extent.integer));
  }
  return shape;
}

}  // namespace

Value load(Bytes const& pickle) { return Loader(pickle).root(); }

}  // namespace proxystore::pickle
