#include "unpickler.hpp"

#include <bit>
#include <utility>

#include <proxystore/error.hpp>

namespace proxystore::pickle {
namespace {

using Kind = Node::Kind;

[[noreturn]] void broken(std::string const& why) { throw CorruptObject("a pickle is damaged (" + why + ")"); }

std::string hex(unsigned char code) {
  constexpr char digits[] = "0123456789abcdef";
  return {'0', 'x', digits[code >> 4U], digits[code & 15U]};
}

}  // namespace

std::string describe(Unpickler const& pickle, Node const& node) {
  switch (node.kind) {
    case Kind::none: return "None";
    case Kind::boolean: return "a bool";
    case Kind::integer: return "an int";
    case Kind::real: return "a float";
    case Kind::text: return "a str";
    case Kind::bytes: return "bytes";
    case Kind::list: return "a list";
    case Kind::tuple: return "a tuple";
    case Kind::set: return "a set";
    case Kind::dict: return "a dict";
    case Kind::global: return std::string(node.text) + '.' + std::string(node.name);
    case Kind::call: break;
  }
  return "a " + describe(pickle, pickle.at(node.items[0]));
}

Unpickler::Unpickler(Bytes const& pickle) : rest_(pickle.text()) {
  for (;;) {
    auto const code = static_cast<unsigned char>(take(1)[0]);
    if (code == '.') break;
    if (!step(code)) broken("opcode " + hex(code) + " is none that is read here");
  }
  root_ = pop();
  if (!stack_.empty() || !marks_.empty()) broken("something is left over at its end");
  if (!rest_.empty()) broken("bytes follow its end");
}

std::string_view Unpickler::take(std::size_t n) {
  if (rest_.size() < n) broken("it ends too early");
  auto const taken = rest_.substr(0, n);
  rest_.remove_prefix(n);
  return taken;
}

std::string_view Unpickler::take_sized(std::uint64_t n) {
  if (n > rest_.size()) broken("it ends within a string of " + std::to_string(n) + " bytes");
  return take(static_cast<std::size_t>(n));
}

std::string_view Unpickler::line() {
  auto const end = rest_.find('\n');
  if (end == rest_.npos) broken("it ends within a name");
  auto const text = take(end + 1);
  return text.substr(0, end);
}

std::uint64_t Unpickler::number(std::size_t bytes) {
  std::uint64_t value = 0;
  auto const text = take(bytes);
  for (std::size_t i = 0; i < bytes; ++i) value |= std::uint64_t{static_cast<unsigned char>(text[i])} << (8 * i);
  return value;
}

Index Unpickler::add(Node node) {
  if (nodes_.size() == most_objects)
    throw CorruptObject("a pickle has more than " + std::to_string(most_objects) +
                        " objects, which is not read here; keep many numbers in an array");
  nodes_.push_back(std::move(node));
  return static_cast<Index>(nodes_.size() - 1);
}

Index Unpickler::pop() {
  if (stack_.empty() || (!marks_.empty() && stack_.size() == marks_.back())) broken("it takes more than it has");
  auto const index = stack_.back();
  stack_.pop_back();
  return index;
}

std::vector<Index> Unpickler::pop_to_mark() {
  if (marks_.empty()) broken("it has no mark");
  auto const from = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
  std::vector<Index> items(from, stack_.end());
  stack_.erase(from, stack_.end());
  marks_.pop_back();
  return items;
}

Node& Unpickler::top_of(Kind kind) {
  auto const index = pop();
  push(index);
  if (nodes_[index].kind != kind) broken("it adds to " + describe(*this, nodes_[index]));
  return nodes_[index];
}

void Unpickler::extend(Kind kind) {
  auto const items = pop_to_mark();
  auto& all = top_of(kind).items;
  all.insert(all.end(), items.begin(), items.end());
  if (kind == Kind::dict && all.size() % 2 != 0) broken("a dict has a key without a value");
}

void Unpickler::leaf(Kind kind, std::string_view text) {
  Node node{kind};
  node.text = text;
  push(add(std::move(node)));
}

void Unpickler::integer(std::int64_t value) {
  Node node{Kind::integer};
  node.integer = value;
  push(add(std::move(node)));
}

/// Two's complement, as short as can be.
void Unpickler::long_integer(std::string_view bytes) {
  if (bytes.size() > sizeof(std::int64_t))
    throw CorruptObject("a pickle holds an int of " + std::to_string(8 * bytes.size()) +
                        " bits, but here it has at most 64");
  std::uint64_t value = !bytes.empty() && (bytes.back() & '\x80') != 0 ? ~std::uint64_t{0} : 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    value &= ~(std::uint64_t{0xff} << (8 * i));
    value |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  }
  integer(static_cast<std::int64_t>(value));
}

void Unpickler::container(Kind kind, std::vector<Index> items) {
  Node node{kind};
  node.items = std::move(items);
  if (kind == Kind::dict && node.items.size() % 2 != 0) broken("a dict has a key without a value");
  push(add(std::move(node)));
}

void Unpickler::call() {
  auto const arguments = pop(), what = pop();
  if (nodes_[arguments].kind != Kind::tuple || nodes_[what].kind != Kind::global)
    broken("it calls " + describe(*this, nodes_[what]));
  container(Kind::call, {what, arguments});
}

void Unpickler::build() {
  auto const state = pop();
  auto& object = top_of(Kind::call);
  if (object.items.size() != 2) broken("it gives an object two states");
  object.items.push_back(state);
}

void Unpickler::global(Index module, Index name) {
  if (nodes_[module].kind != Kind::text || nodes_[name].kind != Kind::text) broken("a name is no text");
  Node node{Kind::global};
  node.text = nodes_[module].text;
  node.name = nodes_[name].text;
  push(add(std::move(node)));
}

void Unpickler::remember(std::uint64_t at) {
  auto const index = pop();
  push(index);
  memo_[at] = index;
}

void Unpickler::recall(std::uint64_t at) {
  auto const found = memo_.find(at);
  if (found == memo_.end()) broken("it refers to object " + std::to_string(at) + ", which it has not");
  push(found->second);
}

bool Unpickler::step(unsigned char code) { return step_atom(code) || step_container(code) || step_memory(code); }

bool Unpickler::step_atom(unsigned char code) {
  switch (code) {
    case 0x80: {  // PROTO
      auto const protocol = number(1);
      if (protocol < 2 || protocol > 5) broken("protocol " + std::to_string(protocol) + " is none of 2 to 5");
      return true;
    }
    case 0x95: return number(8), true;  // FRAME
    case 'N': return leaf(Kind::none, {}), true;
    case 0x88:
    case 0x89: {
      Node node{Kind::boolean};
      node.integer = code == 0x88 ? 1 : 0;
      return push(add(std::move(node))), true;
    }
    case 'J': return integer(static_cast<std::int32_t>(number(4))), true;
    case 'K': return integer(static_cast<std::int64_t>(number(1))), true;
    case 'M': return integer(static_cast<std::int64_t>(number(2))), true;
    case 0x8a: return long_integer(sized(1)), true;
    case 0x8b: return long_integer(sized(4)), true;
    case 'G': {  // BINFLOAT, big-endian
      std::uint64_t bits = 0;
      for (char const c : take(8)) bits = bits << 8U | static_cast<unsigned char>(c);
      Node node{Kind::real};
      node.real = std::bit_cast<double>(bits);
      return push(add(std::move(node))), true;
    }
    case 0x8c: return leaf(Kind::text, sized(1)), true;
    case 'X': return leaf(Kind::text, sized(4)), true;
    case 0x8d: return leaf(Kind::text, sized(8)), true;
    case 'C': return leaf(Kind::bytes, sized(1)), true;
    case 'B': return leaf(Kind::bytes, sized(4)), true;
    case 0x8e:
    case 0x96: return leaf(Kind::bytes, sized(8)), true;  // BINBYTES8, BYTEARRAY8
    default: return false;
  }
}

bool Unpickler::step_container(unsigned char code) {
  auto const tuple_of = [&](std::size_t n) {
    std::vector<Index> items(n);
    for (auto i = n; i-- > 0;) items[i] = pop();
    container(Kind::tuple, std::move(items));
    return true;
  };
  switch (code) {
    case '(': return marks_.push_back(stack_.size()), true;
    case ']': return container(Kind::list, {}), true;
    case '}': return container(Kind::dict, {}), true;
    case 0x8f: return container(Kind::set, {}), true;
    case ')': return tuple_of(0);
    case 0x85: return tuple_of(1);
    case 0x86: return tuple_of(2);
    case 0x87: return tuple_of(3);
    case 't': return container(Kind::tuple, pop_to_mark()), true;
    case 'l': return container(Kind::list, pop_to_mark()), true;
    case 'd': return container(Kind::dict, pop_to_mark()), true;
    case 'e': return extend(Kind::list), true;
    case 'u': return extend(Kind::dict), true;
    case 0x90: return extend(Kind::set), true;
    case 'a': {
      auto const item = pop();
      return top_of(Kind::list).items.push_back(item), true;
    }
    case 's': {
      auto const value = pop(), key = pop();
      auto& items = top_of(Kind::dict).items;
      return items.push_back(key), items.push_back(value), true;
    }
    default: return false;
  }
}

bool Unpickler::step_memory(unsigned char code) {
  switch (code) {
    case '0': return pop(), true;
    case '1': return pop_to_mark(), true;
    case 0x94: return remember(memo_.size()), true;
    case 'q': return remember(number(1)), true;
    case 'r': return remember(number(4)), true;
    case 'h': return recall(number(1)), true;
    case 'j': return recall(number(4)), true;
    case 0x93: {  // STACK_GLOBAL
      auto const name = pop(), module = pop();
      return global(module, name), true;
    }
    case 'c': {  // GLOBAL
      Node node{Kind::global};
      node.text = line();
      node.name = line();
      return push(add(std::move(node))), true;
    }
    case 0x81:
    case 'R': return call(), true;  // NEWOBJ, REDUCE
    case 'b': return build(), true;
    default: return false;
  }
}

}  // namespace proxystore::pickle
