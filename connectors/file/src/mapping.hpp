/// Files as memory.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include <proxystore/buffer.hpp>

#include "folder.hpp"
#include "posix.hpp"

namespace proxystore::file {

/// From this size on a mapping costs less than copying (bench/file).
inline constexpr std::size_t worth_mapping = std::size_t{256} << 10U;
/// From this size on a copy into a mapping costs no more than one into the heap and write() from there: the first touch
/// of a page of a file costs several times what write() takes for it, and glibc's heap is new memory each time only
/// from M_MMAP_THRESHOLD on, which grows to 32 MiB.
inline constexpr std::size_t worth_filling = std::size_t{32} << 20U;

/// A file in memory, as long as this lives. REQUIRES: size > 0
class Mapping {
 public:
  Mapping(Descriptor file, std::size_t size, int protection, Attempt const& attempt);
  Mapping(Mapping const&) = delete;
  Mapping& operator=(Mapping const&) = delete;
  ~Mapping();

  Descriptor const& file() const noexcept { return file_; }
  std::span<std::byte> memory() const noexcept { return {static_cast<std::byte*>(memory_), size_}; }

 private:
  Descriptor file_;
  std::size_t size_;
  void* memory_;
};

/// An object: mapped if it is large and the folder is this machine's alone, else read. nullopt: it was evicted
/// while it was read.
std::optional<Bytes> content_of(Folder const& folder, Descriptor file, Name const& name);

/// Memory of a file without a name, all of whose space is reserved, so that writing to it cannot fail; its owner is
/// a Mapping. nullopt where the file system cannot do that.
std::optional<Buffer> allocate(Folder const& folder, std::size_t bytes, void const* arena);

}  // namespace proxystore::file
