#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <string>

#include <proxystore/segments/format.hpp>
#include <proxystore/segments/writer.hpp>

#include "posix.hpp"

namespace proxystore::segments {

/// A file that this process appends to. With `mapped` its space is reserved before it is used, so that no store into
/// its memory can fail, and a little more than is used.
class GrowingFile {
 public:
  /// Makes it; it must not be there.
  GrowingFile(WriterOptions const& options, FileName const& name, std::uint64_t capacity, std::uint64_t step);

  // One thread at a time:
  bool fits(std::uint64_t bytes) const noexcept { return end_ + bytes <= capacity_; }
  /// The offset of so many new bytes; nullopt if the file would have to grow by more than `most`. Throws StoreFull.
  /// REQUIRES: fits(bytes)
  std::optional<std::uint64_t> reserve(std::uint64_t bytes, std::uint64_t most);
  /// Takes back what was reserved last. False: something was reserved after it.
  bool give_back(std::uint64_t offset, std::uint64_t bytes) noexcept;
  /// Nothing is reserved any more; gives back what was not used.
  void seal() noexcept;
  std::uint64_t allocated() const noexcept { return allocated_; }
  bool is_sealed() const noexcept { return sealed_; }

  // Any thread:
  std::string const& path() const noexcept { return path_; }
  FileName const& name() const noexcept { return name_; }
  std::uint64_t salt() const noexcept { return salt_; }
  /// Empty where it is not mapped.
  std::span<std::byte> memory(std::uint64_t offset, std::uint64_t bytes) const noexcept;
  void write(std::span<std::byte const> bytes, std::uint64_t offset) { write_at(fd_.get(), bytes, offset, path_); }
  /// Small pieces: into the memory, where there is some.
  void store(std::span<std::byte const> bytes, std::uint64_t offset);
  /// One store of the state's word.
  void mark(std::uint64_t offset, State state);
  /// What the calling thread has written is on the disk when it returns; threads that come together share one call.
  void sync();

 private:
  void allocate(std::uint64_t bytes, std::uint64_t least);

  FileName const name_;
  std::string const path_;
  std::uint64_t const capacity_, step_;
  std::uint64_t salt_ = 0;
  Descriptor fd_;
  Mapping mapping_;
  std::uint64_t end_ = header_bytes, allocated_ = 0;
  bool sealed_ = false;
  std::atomic<std::uint64_t> asked_{0};
  std::mutex syncing_;
  std::uint64_t synced_ = 0;  // guarded by syncing_
};

}  // namespace proxystore::segments
