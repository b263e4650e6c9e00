#include "identity.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <proxystore/error.hpp>

#include "tls.hpp"

namespace proxystore::endpoint {
namespace {

class File {
 public:
  explicit File(std::filesystem::path const& path) : descriptor_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (descriptor_ < 0)
      throw ConfigError("the secret cannot be read from " + path.string() + " (" +
                        std::generic_category().message(errno) + ")");
  }
  ~File() { close(descriptor_); }
  File(File const&) = delete;
  File& operator=(File const&) = delete;
  int descriptor() const noexcept { return descriptor_; }

 private:
  int descriptor_;
};

}  // namespace

Secret::Secret(std::string text) : text_(std::move(text)) {
  if (text_.size() < shortest)
    throw ConfigError("the secret is too short (" + std::to_string(text_.size()) + " characters, at least " +
                      std::to_string(shortest) + ") make one with openssl rand -hex 32");
}

Secret::~Secret() { OPENSSL_cleanse(text_.data(), text_.size()); }

Secret Secret::from_file(std::filesystem::path const& path) {
  File const file(path);
  struct stat status {};
  if (fstat(file.descriptor(), &status) != 0 || (status.st_mode & 077) != 0)
    throw ConfigError("the secret in " + path.string() +
                      " is not secret (others may read or write the file) chmod 600");
  std::array<char, 4096> text;
  auto const count = read(file.descriptor(), text.data(), text.size());
  std::string_view const whole(text.data(), count > 0 ? static_cast<std::size_t>(count) : 0);
  std::string line(whole.substr(0, whole.find_first_of("\r\n")));
  OPENSSL_cleanse(text.data(), text.size());
  return Secret(std::move(line));
}

Secret Secret::from_environment(std::string const& variable) {
  char const* const value = std::getenv(variable.c_str());
  if (!value)
    throw ConfigError("the secret is missing (the environment has no " + variable + ") set it, or name a file");
  return Secret(value);
}

Secret Secret::random() {
  std::array<unsigned char, 32> bits;
  tls_check(RAND_bytes(bits.data(), bits.size()), "RAND_bytes");
  std::string text;
  for (auto const byte : bits) {
    text += "0123456789abcdef"[byte >> 4U];
    text += "0123456789abcdef"[byte & 15U];
  }
  OPENSSL_cleanse(bits.data(), bits.size());
  return Secret(std::move(text));
}

}  // namespace proxystore::endpoint
