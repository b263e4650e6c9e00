#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <filesystem>
#include <fstream>

#include <proxystore/segments/index.hpp>

#include "posix.hpp"

namespace proxystore::segments {

std::string describe_session(std::string const& directory, std::string_view session) {
  std::ifstream in(directory + '/' + session_file(session));
  std::string line;
  std::getline(in, line);
  return line;
}

void write_session(std::string const& directory, std::string_view session, std::string const& text, bool durable,
                   unsigned permissions) {
  auto const path = directory + '/' + session_file(session);
  Descriptor const fd(
      file_check(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, permissions), "make", path));
  if ((permissions & 077U) != 0) file_check(::fchmod(fd.get(), permissions), "set the permissions of", path);
  auto const line = text + '\n';
  write_at(fd.get(), std::as_bytes(std::span(line)), 0, path);
  if (!durable) return;
  file_check(::fsync(fd.get()), "write to the disk", path);
  Descriptor const folder(file_check(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC), "open", directory));
  file_check(::fsync(folder.get()), "write to the disk", directory);
}

bool has_segments(std::string const& directory) {
  std::error_code error;
  for (std::filesystem::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    auto const name = at->path().filename().string();
    if (FileName::parse(name)) return true;
    if (name.size() > session_bytes && name == session_file(name.substr(0, session_bytes)) &&
        is_uuid(name.substr(0, session_bytes)))
      return true;
  }
  return false;
}

}  // namespace proxystore::segments
