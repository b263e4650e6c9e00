#include "place.hpp"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include <proxystore/error.hpp>
#include <proxystore/h5/file.hpp>

namespace proxystore::hdf5 {
namespace {

constexpr char object_name[] = "object.h5";

/// A UUID: 36 characters that cannot lead out of the directory. What arrives is not trusted.
bool is_key(std::string_view text) {
  constexpr std::string_view pattern = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  return text.size() == pattern.size() &&
         std::equal(text.begin(), text.end(), pattern.begin(), [](char c, char p) {
           return p == 'x' ? std::isxdigit(static_cast<unsigned char>(c)) != 0 : c == p;
         });
}

/// The name is not there, or its directory is not, here or on the server.
bool absent(int code) { return code == ENOENT || code == ENOTDIR || code == ESTALE; }

struct CloseDirectory {
  void operator()(DIR* directory) const noexcept { closedir(directory); }
};

/// After an announcement was lost on its way back, NFS repeats it, and finds what it has done itself.
bool linked_already(std::string const& draft) {
  struct stat status {};
  return stat(draft.c_str(), &status) == 0 && status.st_nlink > 1;
}

/// rename() that replaces nothing; 0, or the code. Where the file system has none: link() and unlink().
int rename_to_free_name(std::string const& from, std::string const& to) {
  if (renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP) return errno;
  if (link(from.c_str(), to.c_str()) != 0 && !(errno == EEXIST && linked_already(from))) return errno;
  unlink(from.c_str());
  return 0;
}

}  // namespace

Place::Place(std::string root) : root_(std::move(root)) {
  std::error_code code;
  std::filesystem::create_directories(root_, code);
  if (code) throw ConnectorError("cannot make directory '" + root_ + "' (" + code.message() + ")");
  if (access(root_.c_str(), R_OK | W_OK | X_OK) != 0) h5::posix_fail("use directory", root_);
}

std::string Place::directory(Key const& key) const { return root_ + '/' + key.text(); }
std::string Place::object(Key const& key) const { return directory(key) + '/' + object_name; }
std::string Place::draft(Key const& key) const { return directory(key) + "/." + make_uuid_key().text(); }

Key Place::make() const {
  Key key = make_uuid_key();
  if (mkdir(directory(key).c_str(), 0777) != 0) h5::posix_fail("make directory", directory(key));
  return key;
}

State Place::look(Key const& key) const {
  if (!is_key(key.text())) return State::gone;
  std::unique_ptr<DIR, CloseDirectory> const entries(opendir(directory(key).c_str()));
  if (!entries) {
    if (!absent(errno)) h5::posix_fail("open directory", directory(key));
    return State::gone;
  }
  while (auto const* entry = readdir(entries.get()))
    if (std::strcmp(entry->d_name, object_name) == 0) return State::ready;
  return State::pending;
}

void Place::publish(Key const& key, std::string const& draft) const {
  int const code = rename_to_free_name(draft, object(key));
  if (code == 0) return;
  if (code == EEXIST) throw AlreadySet("hdf5 key '" + key.text() + "' is set already; the first object stays");
  if (absent(code)) throw ObjectNotFound("hdf5 key '" + key.text() + "' cannot be set (it was evicted)");
  errno = code;
  h5::posix_fail("announce", object(key));
}

void Place::remove(Key const& key) const {
  if (!is_key(key.text())) return;
  std::string const removed = root_ + "/." + key.text();
  if (std::rename(directory(key).c_str(), removed.c_str()) != 0) {
    if (!absent(errno)) h5::posix_fail("evict", directory(key));
    return;
  }
  for (int tries = 0; tries < 3; ++tries) {  // a setter that came late may add its file
    std::error_code code;
    std::filesystem::remove_all(removed, code);
    if (code != std::errc::directory_not_empty) return;
  }
}

}  // namespace proxystore::hdf5
