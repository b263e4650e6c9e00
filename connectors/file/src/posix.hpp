/// Descriptors, and the one place where errors of the file system become exceptions.
#pragma once

#include <cerrno>
#include <string>
#include <string_view>
#include <utility>

namespace proxystore::file {

class Descriptor {
 public:
  Descriptor() noexcept = default;
  explicit Descriptor(int fd) noexcept : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor();

  int get() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ >= 0; }
  int release() noexcept { return std::exchange(fd_, -1); }
  /// What close() returns: over NFS, the first to hear that a disk is full.
  int close() noexcept;

 private:
  int fd_ = -1;
};

/// What was tried, for the text of an error. Views: made for each call, read if it fails.
struct Attempt {
  std::string_view verb;  ///< "write"
  std::string_view directory;
  std::string_view name = {};  ///< empty: the directory itself
};

[[noreturn]] void throw_error(int error, Attempt const& attempt);

/// `result`, or what errno says as an exception if it is -1.
template <class Result>
Result file_check(Result result, Attempt const& attempt) {
  if (result == -1) throw_error(errno, attempt);
  return result;
}

/// `call()` again while it is interrupted.
template <class Call>
auto uninterrupted(Call const& call) {
  auto result = call();
  while (result == -1 && errno == EINTR) result = call();
  return result;
}

/// No such file as far as this machine knows. ESTALE: a network file system has lost it under our hands.
inline bool is_absence(int error) noexcept { return error == ENOENT || error == ESTALE; }

}  // namespace proxystore::file
