/// @file
/// Connectors in words.
#pragma once

#include <chrono>
#include <cstddef>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <proxystore/export.hpp>

namespace proxystore {

/// A connector described in words: `kind:location?option=value&option=value`.
///
///     local:    rma:?capacity=1GiB    file:///scratch/run7    redis://host:6379/0?prefix=a%26b
///
/// Location and values are percent-encoded in the text and plain here.
class PROXYSTORE_EXPORT Config {
 public:
  Config() = default;
  explicit Config(std::string kind, std::string location = {},
                  std::map<std::string, std::string> options = {});

  /// Throws ConfigError for a text without a kind, a doubled option or a broken escape.
  static Config parse(std::string_view text);
  /// A connector text as it may be shown: `***` in place of passwords (`//user:password@`, `password=`).
  static std::string without_secrets(std::string_view text);
  /// The text that parse() takes.
  std::string to_string() const;

  std::string const& kind() const noexcept { return kind_; }
  std::string const& location() const noexcept { return location_; }
  std::map<std::string, std::string> const& options() const noexcept { return options_; }
  /// Adds an option, or replaces it.
  Config& set(std::string const& option, std::string value);

  /// As it stands; nullopt if it is not given, here and below.
  std::optional<std::string> text(std::string const& option) const;
  /// Bytes: `4096`, `64KiB`, `1.5GiB`, `10MB`. Throws ConfigError when malformed, negative or too large.
  std::optional<std::size_t> size(std::string const& option) const;
  /// Time with a unit: `250ms`, `30s`, `5min`, `1h`, `10us`.
  std::optional<std::chrono::nanoseconds> duration(std::string const& option) const;
  /// `true`, `yes`, `on`, `1` and their opposites.
  std::optional<bool> flag(std::string const& option) const;
  /// Throws ConfigError, naming the known ones, if there is any other option.
  void expect_only(std::initializer_list<std::string_view> known) const;

  friend bool operator==(Config const&, Config const&) = default;

 private:
  std::string kind_;
  std::string location_;
  std::map<std::string, std::string> options_;
};

}  // namespace proxystore
