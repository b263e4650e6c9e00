#pragma once

#include <cerrno>
#include <utility>

#include <proxystore/export.hpp>

namespace proxystore::detail {

/// Owns a POSIX file descriptor, or none.
class PROXYSTORE_EXPORT Descriptor {
 public:
  Descriptor() noexcept = default;
  explicit Descriptor(int fd) noexcept : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() { close(); }

  int get() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ >= 0; }
  int release() noexcept { return std::exchange(fd_, -1); }
  /// Closes it, if it is open. What close() returns: over NFS, the first to hear that a disk is full.
  int close() noexcept;

 private:
  int fd_ = -1;
};

/// `call()` again while it is interrupted.
template <class Call>
auto uninterrupted(Call const& call) {
  auto result = call();
  while (result == -1 && errno == EINTR) result = call();
  return result;
}

/// No such file as far as this machine knows. ESTALE: a network file system has lost it under our hands.
inline bool is_absence(int error) noexcept { return error == ENOENT || error == ESTALE; }

}  // namespace proxystore::detail
