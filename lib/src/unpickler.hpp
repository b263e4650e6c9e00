/// Reads a pickle (https://docs.python.org/3/library/pickletools.html) into what it says, without doing it: a call
/// becomes a node that tells of it. One node for each object, by number; an object may stand at several places.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <proxystore/buffer.hpp>

namespace proxystore::pickle {

inline constexpr std::size_t most_objects = std::size_t{1} << 22U, most_depth = 200;

using Index = std::uint32_t;

struct Node {
  enum class Kind : std::uint8_t { none, boolean, integer, real, text, bytes, list, tuple, set, dict, global, call };

  Kind kind = Kind::none;
  std::int64_t integer = 0;  // boolean too
  double real = 0;
  std::string_view text = {};  // text, bytes: in the pickle; global: its module
  std::string_view name = {};  // global
  std::vector<Index> items =
      {};  // of containers, a dict's keys and values by turns; call: what, arguments, perhaps state
};

/// The nodes point into the pickle, which has to stay.
class Unpickler {
 public:
  /// Throws CorruptObject.
  explicit Unpickler(Bytes const& pickle);

  Node const& root() const { return nodes_[root_]; }
  Node const& at(Index index) const { return nodes_[index]; }

 private:
  std::string_view take(std::size_t n);
  std::string_view line();
  std::uint64_t number(std::size_t bytes);
  std::string_view sized(std::size_t bytes) { return take_sized(number(bytes)); }
  std::string_view take_sized(std::uint64_t n);

  Index add(Node node);
  void push(Index index) { stack_.push_back(index); }
  Index pop();
  std::vector<Index> pop_to_mark();
  Node& top_of(Node::Kind kind);
  void extend(Node::Kind kind);
  void leaf(Node::Kind kind, std::string_view text);
  void integer(std::int64_t value);
  void long_integer(std::string_view bytes);
  void container(Node::Kind kind, std::vector<Index> items);
  void call();
  void build();
  void global(Index module, Index name);
  void remember(std::uint64_t at);
  void recall(std::uint64_t at);
  bool step(unsigned char code);
  bool step_atom(unsigned char code);
  bool step_container(unsigned char code);
  bool step_memory(unsigned char code);

  std::string_view rest_;
  std::vector<Node> nodes_;
  std::vector<Index> stack_;
  std::vector<std::size_t> marks_;  // sizes of the stack
  std::unordered_map<std::uint64_t, Index> memo_;
  Index root_ = 0;
};

/// What a node is, for an error: "a str", "a call of numpy.dtype".
std::string describe(Unpickler const& pickle, Node const& node);

}  // namespace proxystore::pickle
