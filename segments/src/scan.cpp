#include <proxystore/segments/scan.hpp>

#include <fcntl.h>
#include <algorithm>
#include <cstring>
#include <vector>

#include "posix.hpp"

namespace proxystore::segments {
namespace {

/// Reads a file at rising offsets, in pieces.
class Window {
 public:
  Window(int fd, std::string const& path) : fd_(fd), path_(path) {}

  /// Empty beyond the end of the file.
  std::span<std::byte const> header_at(std::uint64_t offset) {
    if (offset < begin_ || offset + header_bytes > begin_ + size_) {
      begin_ = offset;
      size_ = read_at(fd_, memory_, offset, path_);
    }
    if (offset + header_bytes > begin_ + size_) return {};
    return std::span<std::byte const>(memory_).subspan(offset - begin_, header_bytes);
  }

 private:
  static constexpr std::size_t piece = std::size_t{128} << 10U;

  int const fd_;
  std::string const& path_;
  std::vector<std::byte> memory_ = std::vector<std::byte>(piece);
  std::uint64_t begin_ = 0;
  std::size_t size_ = 0;
};

}  // namespace

Scanned scan(std::string const& path, std::uint64_t from, std::function<void(Found const&)> const& visit) {
  Descriptor const fd(uninterrupted([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC); }));
  if (!fd && is_absence(errno)) return {};
  file_check(fd.get(), "open", path);
  auto const size = size_of(fd.get(), path);
  Window window(fd.get(), path);
  auto const first = window.header_at(0);
  auto const file = first.empty() ? std::nullopt : read_file_header(first);
  if (!file) return {};
  Scanned scanned{true, std::max<std::uint64_t>(from, header_bytes), 0};
  for (auto at = scanned.end;;) {
    auto const bytes = window.header_at(at);
    if (bytes.empty() || at + header_bytes > size) return scanned;
    auto const record = read_record(bytes, file->salt, at);
    if (!record) {
      at += alignment;
      continue;
    }
    bool const whole = record->bytes <= size - at - header_bytes;
    scanned.skipped += at - scanned.end;
    if (record->kind != Kind::filler)
      visit({record->kind, {record->key, record->key_bytes}, at, record->bytes, record->hash, record->state, whole});
    scanned.end = at += whole ? record_bytes(record->bytes) : header_bytes;
  }
}

}  // namespace proxystore::segments
