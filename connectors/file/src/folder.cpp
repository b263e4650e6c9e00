#include "folder.hpp"

#include <algorithm>
#include <array>
#include <dirent.h>
#include <fcntl.h>
#include <filesystem>
#include <linux/magic.h>
#include <memory>
#include <sys/vfs.h>
#include <unistd.h>

#include <proxystore/error.hpp>

namespace proxystore::file {
namespace {

constexpr char const* tombstone = "/dev/null/evicted";
constexpr std::string_view temporary_prefix = ".tmp-";

/// File systems of one machine alone (linux/magic.h; XFS, ZFS, bcachefs from their own sources). All others are
/// taken for shared, with what that costs.
bool belongs_to_one_machine(int fd) {
  constexpr std::array<unsigned, 10> known{EXT4_SUPER_MAGIC,      TMPFS_MAGIC,      RAMFS_MAGIC, BTRFS_SUPER_MAGIC,
                                           OVERLAYFS_SUPER_MAGIC, F2FS_SUPER_MAGIC, 0x58465342,  0x2fc12fc1,
                                           0xca451a4e,            REISERFS_SUPER_MAGIC};
  struct statfs status {};
  if (::fstatfs(fd, &status) != 0) return false;
  auto const type = static_cast<unsigned>(status.f_type);
  return std::find(known.begin(), known.end(), type) != known.end();
}

int open_directory(std::string const& path) {
  return uninterrupted([&] { return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
}

/// Where one may read, one may search.
mode_t searchable(mode_t permissions) { return permissions | ((permissions & 0444U) >> 2U); }

}  // namespace

std::string temporary_name() { return std::string(temporary_prefix) + make_uuid_key().text(); }

bool is_temporary(std::string_view name) noexcept {
  return name.starts_with(temporary_prefix) && is_uuid(name.substr(temporary_prefix.size()));
}

Folder::Folder(std::string path, mode_t permissions) : path_(std::move(path)), permissions_(permissions) {
  std::error_code trouble;
  if (auto const above = std::filesystem::path(path_).parent_path(); !std::filesystem::exists(above, trouble))
    std::filesystem::create_directories(above, trouble);  // what is wrong, mkdir says
  bool const made = ::mkdir(path_.c_str(), searchable(permissions_)) == 0;
  if (!made && errno != EEXIST) throw_error(errno, attempt("make directory"));
  fd_ = Descriptor(file_check(open_directory(path_), attempt("open directory")));
  if (made) file_check(::fchmod(fd(), searchable(permissions_)), attempt("set the permissions of"));
  shared_ = !belongs_to_one_machine(fd());
}

bool Folder::is_there() const noexcept {
  struct stat mine {}, found {};
  if (::fstat(fd(), &mine) != 0 || mine.st_nlink == 0) return false;
  if (!shared_) return true;
  if (::stat(path_.c_str(), &found) != 0) return !is_absence(errno);
  return found.st_ino == mine.st_ino && found.st_dev == mine.st_dev;
}

/// Of the name itself, not of where a link leads; false if there is none.
bool Folder::status(std::string const& name, struct stat& out) const {
  if (::fstatat(fd(), name.c_str(), &out, AT_SYMLINK_NOFOLLOW) == 0) return true;
  if (!is_absence(errno)) throw_error(errno, attempt("look at", name));
  return false;
}

State Folder::look(Name const& name) const {
  struct stat object {}, marker {};
  bool const marked = status(name.marker(), marker);
  if (!status(name.object(), object)) return name.is_put() || (marked && !shared_) ? State::gone : State::pending;
  if (S_ISLNK(object.st_mode)) return State::gone;
  return marked && S_ISREG(object.st_mode) ? State::ready : State::pending;
}

Descriptor Folder::open(Name const& name) const {
  struct stat marker {}, object {};
  if (!status(name.marker(), marker)) return {};
  auto const try_open = [&] {  // not blocked by what is a pipe, nor led elsewhere by a link
    return ::openat(fd(), name.object().c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  };
  Descriptor opened(uninterrupted(try_open));
  if (!opened && errno == ESTALE) opened = Descriptor(uninterrupted(try_open));  // the server is asked this time
  if (!opened && (is_absence(errno) || errno == ELOOP)) return {};
  file_check(opened.get(), attempt("open", name.object()));
  file_check(::fstat(opened.get(), &object), attempt("look at", name.object()));
  return S_ISREG(object.st_mode) ? std::move(opened) : Descriptor();
}

bool Folder::refresh() const {
  if (!is_there()) throw_error(ENOENT, attempt("read"));
  if (shared_) for_each_name([](std::string_view) {});
  return shared_;
}

/// By path: NFS asks the server about a directory when a path leads to it, not when an open one is read. And to
/// the end, since what is read replaces what was remembered of each name.
void Folder::for_each_name(std::function<void(std::string_view)> const& visit) const {
  Descriptor anew(file_check(open_directory(path_), attempt("read")));
  std::unique_ptr<DIR, int (*)(DIR*)> const listing(::fdopendir(anew.get()), ::closedir);
  if (!listing) throw_error(errno, attempt("read"));
  anew.release();
  while (auto const* entry = ::readdir(listing.get())) visit(entry->d_name);
}

void Folder::mark(Name const& name) const {
  struct stat object {};
  Descriptor marker(uninterrupted([&] {
    return ::openat(fd(), name.marker().c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, permissions_);
  }));
  if (!marker && errno != EEXIST) throw_error(errno, attempt("mark", name.marker()));
  if (marker && (permissions_ & 077U) != 0)
    file_check(::fchmod(marker.get(), permissions_), attempt("set the permissions of", name.marker()));
  if (status(name.object(), object) ? !S_ISREG(object.st_mode) : !shared_) unlink(name.marker());
}

void Folder::finish(Name const& name) const {
  struct stat object {};
  if (status(name.object(), object) && S_ISREG(object.st_mode) && object.st_nlink > 1) mark(name);
}

void Folder::withdraw(Name const& name) const noexcept {
  ::unlinkat(fd(), name.marker().c_str(), 0);
  ::unlinkat(fd(), name.object().c_str(), 0);
}

void Folder::evict(Name const& name) const {
  bool const buried = !name.is_put() && bury(name);
  unlink(name.marker());
  if (!buried) unlink(name.object());
}

/// Makes the name a tombstone; false if there is no room for one.
bool Folder::bury(Name const& name) const {
  auto const lay = [&](std::string const& at) {
    if (::symlinkat(tombstone, fd(), at.c_str()) == 0) return 0;
    return errno;
  };
  int error = lay(name.object());
  if (error == EEXIST) {
    struct stat object {};
    if (status(name.object(), object) && S_ISLNK(object.st_mode)) return true;
    auto const temporary = temporary_name();
    error = lay(temporary);
    if (error == 0) file_check(::renameat(fd(), temporary.c_str(), fd(), name.object().c_str()),
                               attempt("evict", name.object()));
  }
  if (error == ENOSPC || error == EDQUOT) return false;
  if (error != 0) throw_error(error, attempt("evict", name.object()));
  return true;
}

void Folder::sync() const { file_check(::fsync(fd()), attempt("write to the disk")); }

void Folder::unlink(std::string const& name) const {
  if (::unlinkat(fd(), name.c_str(), 0) != 0 && !is_absence(errno)) throw_error(errno, attempt("remove", name));
}

void Folder::clear() const {
  if (!is_there()) return;
  for_each_name([&](std::string_view name) {
    auto const stem = name.substr(0, name.find('.'));
    bool const mine = is_uuid(stem) && (stem.size() == name.size() || name.substr(stem.size()) == Name::marker_suffix);
    if (mine || is_temporary(name)) unlink(std::string(name));
  });
  if (::rmdir(path_.c_str()) != 0 && errno != ENOTEMPTY && errno != EEXIST && !is_absence(errno))
    throw_error(errno, attempt("remove directory"));
}

}  // namespace proxystore::file
