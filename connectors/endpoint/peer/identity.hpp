/// Who an endpoint is to others: what it proves itself with, and what it asks of them.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <variant>

namespace proxystore::endpoint {

/// A shared secret. Whoever holds it may be any of the endpoints that share it. Shown nowhere; wiped when destroyed.
class Secret {
 public:
  static constexpr std::size_t shortest = 32;  ///< characters: a secret that can be guessed can be guessed offline

  /// Throws ConfigError if it is too short.
  explicit Secret(std::string text);
  /// The first line of a file that nobody but its owner may read (mode 0600). Throws ConfigError.
  static Secret from_file(std::filesystem::path const& path);
  /// Throws ConfigError if the environment has no such variable.
  static Secret from_environment(std::string const& variable);
  /// 256 random bits, in hexadecimal.
  static Secret random();

  Secret(Secret const&) = default;
  Secret(Secret&&) noexcept = default;
  Secret& operator=(Secret const&) = default;
  Secret& operator=(Secret&&) noexcept = default;
  ~Secret();

  /// For deriving keys from, and for writing into a file with mode 0600.
  std::string_view text() const noexcept { return text_; }

 private:
  std::string text_;
};

/// PEM files. The certificate names its holder by a subject alternative name, the URI `urn:uuid:<uuid of the endpoint>`
/// (`urn:proxystore:relay` for a relay), or, if it has no URI, by its common name, the UUID (`proxystore-relay`).
/// Others may not read the key file.
struct Certificates {
  std::filesystem::path ca;           ///< who signs for the others
  std::filesystem::path certificate;  ///< and what leads from it to the CA
  std::filesystem::path key;
};

using Identity = std::variant<Secret, Certificates>;

}  // namespace proxystore::endpoint
