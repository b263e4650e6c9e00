#include "posix.hpp"

#include <sys/statvfs.h>
#include <system_error>
#include <unistd.h>

#include <proxystore/error.hpp>

namespace proxystore::file {
namespace {

std::string room_of(std::string const& directory) {
  struct statvfs room {};
  if (statvfs(directory.c_str(), &room) != 0) return {};
  return "; of " + std::to_string(room.f_blocks * room.f_frsize) + " bytes there, " +
         std::to_string(room.f_bavail * room.f_frsize) + " are free, and of " + std::to_string(room.f_files) +
         " files " + std::to_string(room.f_favail);
}

}  // namespace

void throw_error(int error, Attempt const& attempt) {
  std::string const directory(attempt.directory);
  std::string const path = attempt.name.empty() ? directory : directory + '/' + std::string(attempt.name);
  auto const problem = "cannot " + std::string(attempt.verb) + " '" + path + "'";
  auto const why = std::generic_category().message(error);
  switch (error) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      throw StoreFull(problem + " (" + why + room_of(directory) + ") evict objects, or open the store elsewhere");
    case EACCES:
    case EPERM:
    case EROFS:
      throw ConnectorError(problem + " (" + why + ", as user " + std::to_string(geteuid()) +
                           ") see who owns the directory, and the option permissions of the one who made it");
    case ENOENT:
    case ESTALE:
      throw ConnectorError(problem + " (" + why + ": directory '" + directory + "' was removed; a Python "
                           "FileConnector does so when it closes, unless clear=False) open the store again");
    default: throw ConnectorError(problem + " (" + why + ")");
  }
}

}  // namespace proxystore::file
