#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include <proxystore/export.hpp>

namespace proxystore::h5 {

/// Throws what `errno` says of `what` at `path`: StoreFull where there is no room left, else ConnectorError.
[[noreturn]] PROXYSTORE_EXPORT void posix_fail(char const* what, std::string const& path);

/// A POSIX file descriptor with an owner. Members throw as posix_fail() does.
class PROXYSTORE_EXPORT File {
 public:
  /// nullopt if its directory is gone. The file must not be there yet.
  static std::optional<File> create(std::string const& path);
  /// nullopt if there is none, or none any more.
  static std::optional<File> open(std::string const& path);
  static std::optional<File> open_to_write(std::string const& path);

  File(File&& other) noexcept;
  File& operator=(File&&) = delete;
  ~File();

  std::uint64_t size() const;
  /// As many bytes from `offset` on as `out` takes, or until the end: how many.
  std::size_t read(std::span<std::byte> out, std::uint64_t offset) const;
  void write(std::span<std::byte const> in, std::uint64_t offset) const;
  void resize(std::uint64_t size) const;
  /// Makes it `size` bytes long with room on the disk for all of them, where the file system can tell; else as
  /// resize().
  void reserve(std::uint64_t size) const;
  /// To the disk.
  void sync() const;
  /// Closes now: some file systems report only then that a write has failed.
  void close();

 private:
  File(int descriptor, std::string path) noexcept;
  static std::optional<File> from(char const* what, std::string const& path, int flags);

  int descriptor_;
  std::string path_;
};

/// Makes entries of the directory durable.
PROXYSTORE_EXPORT void sync_directory(std::string const& path);

}  // namespace proxystore::h5
