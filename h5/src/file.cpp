#include <proxystore/h5/file.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <cerrno>
#include <system_error>
#include <utility>

#include <proxystore/error.hpp>

namespace proxystore::h5 {
namespace {

std::string room_at(std::string path) {
  struct statvfs room {};
  while (statvfs(path.c_str(), &room) != 0) {  // what was to be made is not there
    auto const slash = path.rfind('/');
    if (slash == std::string::npos || slash == 0) return "";
    path.resize(slash);
  }
  auto const bytes = [&](auto blocks) { return std::to_string(blocks * room.f_frsize); };
  return "; the file system has " + bytes(room.f_bavail) + " of " + bytes(room.f_blocks) + " bytes free";
}

}  // namespace

void posix_fail(char const* what, std::string const& path) {
  int const code = errno;
  std::string const text = std::string("cannot ") + what + " '" + path + "' (" + std::generic_category().message(code);
  if (code == ENOSPC || code == EDQUOT)
    throw StoreFull(text + room_at(path) + ") evict objects, or use a larger file system");
  throw ConnectorError(text + ")");
}

File::File(int descriptor, std::string path) noexcept : descriptor_(descriptor), path_(std::move(path)) {}
File::File(File&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)), path_(std::move(other.path_)) {}
File::~File() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::optional<File> File::from(char const* what, std::string const& path, int flags) {
  int const descriptor = ::open(path.c_str(), flags | O_CLOEXEC, 0666);
  if (descriptor >= 0) return File(descriptor, path);
  if (errno == ENOENT || errno == ENOTDIR || errno == ESTALE) return std::nullopt;
  posix_fail(what, path);
}

std::optional<File> File::create(std::string const& path) { return from("create", path, O_WRONLY | O_CREAT | O_EXCL); }
std::optional<File> File::open(std::string const& path) { return from("open", path, O_RDONLY); }
std::optional<File> File::open_to_write(std::string const& path) { return from("write to", path, O_RDWR); }

std::uint64_t File::size() const {
  struct stat status {};
  if (fstat(descriptor_, &status) != 0) posix_fail("look at", path_);
  return static_cast<std::uint64_t>(status.st_size);
}

std::size_t File::read(std::span<std::byte> out, std::uint64_t offset) const {
  std::size_t done = 0;
  while (done < out.size()) {
    auto const n = pread(descriptor_, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
    if (n == 0) break;
    if (n > 0) done += static_cast<std::size_t>(n);
    else if (errno != EINTR) posix_fail("read", path_);
  }
  return done;
}

void File::write(std::span<std::byte const> in, std::uint64_t offset) const {
  while (!in.empty()) {
    auto const n = pwrite(descriptor_, in.data(), in.size(), static_cast<off_t>(offset));
    if (n < 0) {
      if (errno != EINTR) posix_fail("write", path_);
      continue;
    }
    in = in.subspan(static_cast<std::size_t>(n));
    offset += static_cast<std::uint64_t>(n);
  }
}

void File::resize(std::uint64_t size) const {
  if (ftruncate(descriptor_, static_cast<off_t>(size)) != 0) posix_fail("resize", path_);
}

void File::reserve(std::uint64_t size) const {
  while (fallocate(descriptor_, 0, 0, static_cast<off_t>(size)) != 0) {
    if (errno == EOPNOTSUPP || errno == ENOSYS) return resize(size);
    if (errno != EINTR) posix_fail("reserve room for", path_);
  }
}

void File::sync() const {
  if (fsync(descriptor_) != 0) posix_fail("write to the disk", path_);
}

void File::close() {
  if (::close(std::exchange(descriptor_, -1)) != 0 && errno != EINTR) posix_fail("write", path_);
}

void sync_directory(std::string const& path) {
  if (auto const directory = File::open(path)) directory->sync();
}

}  // namespace proxystore::h5
