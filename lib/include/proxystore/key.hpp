/// @file
/// Names of objects.
#pragma once

#include <compare>
#include <functional>
#include <ostream>
#include <string>
#include <utility>

#include <proxystore/export.hpp>

namespace proxystore {

/// Names one object in one store. An opaque value; only the connector that made it reads its inside.
class Key {
 public:
  Key() = default;  ///< Names nothing.
  explicit Key(std::string text) noexcept : text_(std::move(text)) {}

  std::string const& text() const noexcept { return text_; }
  bool empty() const noexcept { return text_.empty(); }

  friend bool operator==(Key const&, Key const&) = default;
  friend auto operator<=>(Key const&, Key const&) = default;
  friend std::ostream& operator<<(std::ostream& out, Key const& key) { return out << key.text_; }

  template <class Archive>
  void serialize(Archive& archive) {
    archive(text_);
  }

 private:
  std::string text_;
};

/// A fresh random UUID (version 4) as a key: 36 characters, as Python ProxyStore makes them. Thread-safe.
PROXYSTORE_EXPORT Key make_uuid_key();

}  // namespace proxystore

/// As that of its text.
template <>
struct std::hash<proxystore::Key> {
  std::size_t operator()(proxystore::Key const& key) const noexcept {
    return std::hash<std::string>()(key.text());
  }
};
