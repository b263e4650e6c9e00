#include "posix.hpp"

#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <algorithm>
#include <filesystem>
#include <system_error>

#include <proxystore/error.hpp>

namespace proxystore::segments {
namespace {

constexpr std::size_t most_at_once = std::size_t{1} << 30U;  // Linux moves less than 2 GiB in one call

std::string room_of(std::string const& path) {
  struct statvfs room {};
  if (statvfs(std::filesystem::path(path).parent_path().c_str(), &room) != 0) return {};
  return "; of " + std::to_string(room.f_blocks * room.f_frsize) + " bytes there, " +
         std::to_string(room.f_bavail * room.f_frsize) + " are free";
}

}  // namespace

Mapping::Mapping(int fd, std::size_t size, int protection, std::string const& path) {
  void* const memory = ::mmap(nullptr, size, protection, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) throw_error(errno, "map", path);
  memory_ = {static_cast<std::byte*>(memory), size};
}

Mapping::~Mapping() {
  if (!memory_.empty()) ::munmap(memory_.data(), memory_.size());
}

void throw_error(int error, std::string_view verb, std::string const& path) {
  auto const problem = "cannot " + std::string(verb) + " '" + path + "'";
  auto const why = std::generic_category().message(error);
  switch (error) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG: throw StoreFull(problem + " (" + why + room_of(path) + ") evict objects, or open the store elsewhere");
    case EACCES:
    case EPERM:
    case EROFS:
      throw ConnectorError(problem + " (" + why + ", as user " + std::to_string(geteuid()) +
                           ") see who owns the directory, and the option permissions of the one who made it");
    default: throw ConnectorError(problem + " (" + why + ")");
  }
}

void write_at(int fd, std::span<std::byte const> bytes, std::uint64_t offset, std::string const& path) {
  while (!bytes.empty()) {
    auto const count = uninterrupted(
        [&] { return ::pwrite(fd, bytes.data(), std::min(bytes.size(), most_at_once), static_cast<off_t>(offset)); });
    auto const done = static_cast<std::size_t>(file_check(count, "write", path));
    bytes = bytes.subspan(done);
    offset += done;
  }
}

std::size_t read_at(int fd, std::span<std::byte> bytes, std::uint64_t offset, std::string const& path) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    auto const rest = bytes.subspan(done);
    auto const count = uninterrupted([&] {
      return ::pread(fd, rest.data(), std::min(rest.size(), most_at_once), static_cast<off_t>(offset + done));
    });
    if ((count == -1 && errno == ESTALE) || file_check(count, "read", path) == 0) break;
    done += static_cast<std::size_t>(count);
  }
  return done;
}

std::uint64_t size_of(int fd, std::string const& path) {
  struct stat status {};
  file_check(::fstat(fd, &status), "look at", path);
  return static_cast<std::uint64_t>(status.st_size);
}

}  // namespace proxystore::segments
