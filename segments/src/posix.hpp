/// Descriptors, files in memory, and the one place where errors of the file system become exceptions.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace proxystore::segments {

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

 private:
  int fd_ = -1;
};

/// A file in memory; nothing if there is none.
class Mapping {
 public:
  Mapping() noexcept = default;
  Mapping(int fd, std::size_t size, int protection, std::string const& path);
  Mapping(Mapping&& other) noexcept : memory_(std::exchange(other.memory_, {})) {}
  Mapping& operator=(Mapping&& other) noexcept {
    std::swap(memory_, other.memory_);
    return *this;
  }
  ~Mapping();

  std::span<std::byte> memory() const noexcept { return memory_; }

 private:
  std::span<std::byte> memory_;
};

[[noreturn]] void throw_error(int error, std::string_view verb, std::string const& path);

/// `result`, or what errno says as an exception if it is -1.
template <class Result>
Result file_check(Result result, std::string_view verb, std::string const& path) {
  if (result == -1) throw_error(errno, verb, path);
  return result;
}

template <class Call>
auto uninterrupted(Call const& call) {
  auto result = call();
  while (result == -1 && errno == EINTR) result = call();
  return result;
}

void write_at(int fd, std::span<std::byte const> bytes, std::uint64_t offset, std::string const& path);
/// How many there were: less than asked for at the end of the file, or when it is gone (ESTALE).
std::size_t read_at(int fd, std::span<std::byte> bytes, std::uint64_t offset, std::string const& path);
std::uint64_t size_of(int fd, std::string const& path);
/// No such file as far as this machine knows. ESTALE: a network file system has lost it under our hands.
inline bool is_absence(int error) noexcept { return error == ENOENT || error == ESTALE; }

}  // namespace proxystore::segments
