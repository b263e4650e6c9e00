/// Files in memory, and the one place where errors of the file system become exceptions.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <proxystore/detail/descriptor.hpp>

namespace proxystore::segments {

using detail::Descriptor;
using detail::is_absence;
using detail::uninterrupted;

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

void write_at(int fd, std::span<std::byte const> bytes, std::uint64_t offset, std::string const& path);
/// How many there were: less than asked for at the end of the file, or when it is gone (ESTALE).
std::size_t read_at(int fd, std::span<std::byte> bytes, std::uint64_t offset, std::string const& path);
std::uint64_t size_of(int fd, std::string const& path);

}  // namespace proxystore::segments
