/// What a proxy or future carries from process to process: never the object.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <proxystore/error.hpp>
#include <proxystore/export.hpp>
#include <proxystore/key.hpp>

namespace proxystore::detail {

/// A place in the source, captured by a default argument (std::source_location needs clang 15).
class Where {
 public:
  Where() = default;
  Where(char const* file, int line) noexcept : file_(file), line_(line) {}
  static Where here(char const* file = __builtin_FILE(), int line = __builtin_LINE()) noexcept {
    return {file, line};
  }

  /// As it was captured; null and 0 in a reference that arrived, which has text() instead.
  char const* file() const noexcept { return file_; }
  int line() const noexcept { return line_; }
  std::string_view text() const noexcept { return text_ ? std::string_view(*text_) : std::string_view(); }
  /// "file.cpp:12" without folders; "" if unknown.
  PROXYSTORE_EXPORT std::string to_string() const;

  template <class Archive>
  void save(Archive& archive) const {
    archive(to_string());
  }
  template <class Archive>
  void load(Archive& archive) {
    std::string text;
    archive(text);
    *this = Where();
    text_ = std::make_shared<std::string const>(std::move(text));
  }

 private:
  char const* file_ = nullptr;
  int line_ = 0;
  std::shared_ptr<std::string const> text_;  // of a reference that arrived from elsewhere
};

/// Name and recipe of a store.
struct StoreInfo {
  std::string name;
  std::string connector;  ///< Config as text: compared often, parsed seldom
};

enum class Kind : unsigned char {
  object,    ///< exists already: absence is an error
  deferred,  ///< a future's: absence is waited for
};

struct Reference {
  std::shared_ptr<StoreInfo const> store;
  Key key;
  Where made_at;
  Kind kind = Kind::object;
  bool evict_on_resolve = false;

  template <class Archive>
  void save(Archive& archive) const {
    StoreInfo const nothing;
    auto const& of = store ? *store : nothing;
    archive(of.name, of.connector, key, made_at, static_cast<unsigned char>(kind), evict_on_resolve);
  }
  template <class Archive>
  void load(Archive& archive) {
    std::string name, connector;
    unsigned char k = 0;
    archive(name, connector, key, made_at, k, evict_on_resolve);
    kind = k == 0 ? Kind::object : Kind::deferred;
    store.reset();
    if (name.empty()) return;
    if (connector.empty()) throw CorruptObject("a reference to store '" + name + "' names no connector");
    store = std::make_shared<StoreInfo const>(StoreInfo{std::move(name), std::move(connector)});
  }
};

}  // namespace proxystore::detail
