/// Writes the opcodes of a pickle, protocol 5.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include <proxystore/pickle.hpp>

namespace proxystore::pickle {

class Pickler {
 public:
  Pickler();

  void value(Value const& value);
  void text(std::string_view text);
  void integer(std::int64_t value);
  void real(double value);
  void none() { code('N'); }
  void boolean(bool value) { code(value ? 0x88 : 0x89); }
  void global(std::string_view module, std::string_view name);
  void mark() { code('('); }
  void tuple() { code('t'); }         ///< of what was written since the mark
  void dict() { code('}'), mark(); }  ///< takes keys and values up to end_dict()
  void end_dict() { code('u'); }
  void call() { code('R'); }   ///< the callable and tuple before
  void build() { code('b'); }  ///< the object and state before
  std::vector<std::byte> end() &&;

 private:
  void code(int code) { out_.push_back(static_cast<std::byte>(code)); }
  void little(std::uint64_t value, std::size_t bytes);
  void raw(std::span<std::byte const> bytes) { out_.insert(out_.end(), bytes.begin(), bytes.end()); }
  void sized(int short_code, int code, int long_code, std::span<std::byte const> bytes);
  void bytes(std::span<std::byte const> bytes) { sized('C', 'B', 0x8e, bytes); }
  void array(NdArray const& array);

  std::vector<std::byte> out_;
};

}  // namespace proxystore::pickle
