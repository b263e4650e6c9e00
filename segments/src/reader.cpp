#include <proxystore/segments/reader.hpp>

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <algorithm>
#include <array>
#include <atomic>

#include <proxystore/error.hpp>

#include "posix.hpp"

namespace proxystore::segments {
namespace {

constexpr std::size_t worth_populating = std::size_t{1} << 20U;  // page tables in one call, not fault by fault

unsigned type_of(std::string const& directory) noexcept {
  struct statfs status {};
  return ::statfs(directory.c_str(), &status) == 0 ? static_cast<unsigned>(status.f_type) : 0;
}

[[noreturn]] void throw_corrupt(std::string const& key, std::string const& path, Locator const& at,
                                std::string const& why) {
  throw CorruptObject("object '" + key + "' is not intact (" + std::to_string(at.bytes) + " bytes at " +
                      std::to_string(at.offset + header_bytes) + " of " + path + ": " + why + ")");
}

}  // namespace

/// linux/magic.h; XFS, ZFS, bcachefs from their own sources. All others are taken for shared.
bool is_local(std::string const& directory) noexcept {
  constexpr std::array<unsigned, 10> known{
      EXT4_SUPER_MAGIC, TMPFS_MAGIC, RAMFS_MAGIC, BTRFS_SUPER_MAGIC, OVERLAYFS_SUPER_MAGIC,
      F2FS_SUPER_MAGIC, 0x58465342,  0x2fc12fc1,  0xca451a4e,        REISERFS_SUPER_MAGIC};
  return std::find(known.begin(), known.end(), type_of(directory)) != known.end();
}

bool can_reserve(std::string const& directory) noexcept {
  Descriptor const file(::open(directory.c_str(), O_RDWR | O_TMPFILE | O_CLOEXEC, 0600));
  return file && (::fallocate(file.get(), 0, 0, header_bytes) == 0 || errno == ENOSPC || errno == EDQUOT);
}

bool is_nfs(std::string const& directory) noexcept { return type_of(directory) == NFS_SUPER_MAGIC; }

/// An open file, and its memory if it is mapped.
class Reader::View {
 public:
  View(Descriptor fd, std::string path, ReaderOptions const& options)
      : fd_(std::move(fd)), path_(std::move(path)), size_(size_of(fd_.get(), path_)) {
    // Beyond its end too: what is written there later shows up in the mapping.
    if (options.mapped)
      mapping_ = Mapping(fd_.get(), std::max<std::size_t>(size_, options.map_bytes), PROT_READ, path_);
  }

  std::string const& path() const noexcept { return path_; }
  bool is_removed() const noexcept {
    struct stat status {};
    return ::fstat(fd_.get(), &status) == 0 && status.st_nlink == 0;
  }
  bool has(std::uint64_t end) {
    if (end <= size_.load()) return true;
    size_ = size_of(fd_.get(), path_);
    return end <= size_.load();
  }
  /// Empty: not mapped so far. REQUIRES: has(offset + bytes)
  std::span<std::byte const> memory(std::uint64_t offset, std::uint64_t bytes) const noexcept {
    auto const all = mapping_.memory();
    if (offset + bytes > all.size()) return {};
    auto const part = all.subspan(offset, bytes);
#ifdef MADV_POPULATE_READ
    constexpr std::uintptr_t page = 4096;
    auto const begin = reinterpret_cast<std::uintptr_t>(part.data()) / page * page;
    if (bytes >= worth_populating)  // old kernels do not know it: then the faults come one by one
      ::madvise(reinterpret_cast<void*>(begin), reinterpret_cast<std::uintptr_t>(part.data()) + bytes - begin,
                MADV_POPULATE_READ);
#endif
    return part;
  }
  std::size_t read(std::span<std::byte> into, std::uint64_t offset) const {
    return read_at(fd_.get(), into, offset, path_);
  }

 private:
  Descriptor fd_;
  std::string path_;
  std::atomic<std::uint64_t> size_;
  Mapping mapping_;
};

Reader::Reader(ReaderOptions options) : options_(std::move(options)) {}
Reader::~Reader() = default;

std::shared_ptr<Reader::View> Reader::open(std::string const& name) {
  if (!options_.reopened) {
    std::lock_guard const lock(mutex_);
    auto const found = std::find_if(views_.begin(), views_.end(), [&](auto const& view) { return view.first == name; });
    if (found != views_.end()) {
      views_.splice(views_.begin(), views_, found);
      return views_.front().second;
    }
  }
  auto path = options_.directory + '/' + name;
  auto const try_open = [&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC); };
  Descriptor fd(uninterrupted(try_open));
  if (!fd && errno == ESTALE) fd = Descriptor(uninterrupted(try_open));  // the server is asked this time
  if (!fd && is_absence(errno)) return nullptr;
  file_check(fd.get(), "open", path);
  auto view = std::make_shared<View>(std::move(fd), std::move(path), options_);
  if (!options_.reopened) remember(name, view);
  return view;
}

void Reader::remember(std::string const& name, std::shared_ptr<View> const& view) {
  forget_removed();
  std::lock_guard const lock(mutex_);
  views_.emplace_front(name, view);
  if (views_.size() > options_.open_files) views_.pop_back();
}

void Reader::forget_removed() {
  std::lock_guard const lock(mutex_);
  std::erase_if(views_, [](auto const& view) { return view.second->is_removed(); });
}

std::optional<Bytes> Reader::read(FileName const& file, Locator const& at, std::string const& key) {
  auto const view = open(file.text());
  if (!view) return std::nullopt;
  auto const begin = at.offset + header_bytes;
  if (at.offset > most_bytes || at.bytes > most_bytes || !view->has(begin + at.bytes)) {
    if (view->is_removed()) return std::nullopt;
    throw_corrupt(key, view->path(), at, "the file ends before it does");
  }
  auto const verified = [&](std::span<std::byte const> bytes) {
    if (options_.verified && hash_of(bytes) != at.hash) throw_corrupt(key, view->path(), at, "its checksum is another");
    return bytes;
  };
  auto const mapped = options_.mapped ? view->memory(begin, at.bytes) : std::span<std::byte const>();
  if (!mapped.empty()) {
    auto const bytes = verified(mapped);
    return bytes.size() <= Bytes::inline_capacity ? Bytes::copy_of(bytes) : Bytes(bytes, view);
  }
  Buffer object(at.bytes);
  if (view->read(object.span(), begin) != at.bytes) {
    if (open(file.text()) == nullptr || view->is_removed()) return std::nullopt;
    throw_corrupt(key, view->path(), at, "the file ends before it does");
  }
  verified(object.span());
  return std::move(object).freeze();
}

}  // namespace proxystore::segments
