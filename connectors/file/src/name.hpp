/// Keys as names of files.
#pragma once

#include <optional>
#include <string>

#include <proxystore/key.hpp>

namespace proxystore::file {

/// A key that is a UUID in small letters, so it names a file in the directory and nothing else.
/// Whose object was put has version 8 (RFC 9562: free to use), all others were made before their object: Python's
/// and new_key()'s have version 4. So an evicted one of version 8 need not be remembered: nobody waits for it.
class Name {
 public:
  static constexpr char const* marker_suffix = ".ready";

  static Name fresh_put();
  /// nullopt: no key of this kind of connector. Throws InvalidArgument for one that is a path.
  static std::optional<Name> of(Key const& key);

  std::string const& object() const noexcept { return text_; }
  std::string marker() const { return text_ + marker_suffix; }
  bool is_put() const noexcept { return text_[version_at] == '8'; }

 private:
  static constexpr std::size_t version_at = 14;
  explicit Name(std::string text) noexcept : text_(std::move(text)) {}

  std::string text_;
};

/// Whether a UUID in small letters.
bool is_uuid(std::string_view text) noexcept;

}  // namespace proxystore::file
