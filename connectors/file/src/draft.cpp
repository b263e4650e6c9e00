#include "draft.hpp"

#include <cstdio>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

#include "mapping.hpp"

namespace proxystore::file {

Draft::Draft(Folder const& folder, Buffer object, void const* arena, bool durable) : folder_(folder) {
  try {
    if (arena && object.arena() == arena) adopt(object, durable);
    else write(object, durable);
  } catch (...) {
    ::unlinkat(folder_.fd(), name_.c_str(), 0);
    throw;
  }
}

Draft::~Draft() {
  if (!name_.empty()) ::unlinkat(folder_.fd(), name_.c_str(), 0);
}

void Draft::write(Buffer const& object, bool durable) {
  auto const attempt = folder_.attempt("write", name_);
  Descriptor file(file_check(uninterrupted([&] {
    return ::openat(folder_.fd(), name_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, folder_.permissions());
  }), attempt));
  if ((folder_.permissions() & 077U) != 0) file_check(::fchmod(file.get(), folder_.permissions()), attempt);
  for (std::size_t done = 0; done < object.size();)
    done += static_cast<std::size_t>(file_check(
        uninterrupted([&] { return ::write(file.get(), object.data() + done, object.size() - done); }), attempt));
  if (durable) file_check(::fsync(file.get()), attempt);
  file_check(file.close(), attempt);
}

void Draft::adopt(Buffer const& object, bool durable) {
  auto const attempt = folder_.attempt("name", name_);
  int const file = std::static_pointer_cast<Mapping>(object.owner())->file().get();
  if ((folder_.permissions() & 077U) != 0) file_check(::fchmod(file, folder_.permissions()), attempt);
  if (durable) file_check(::fsync(file), attempt);
  auto const unnamed = "/proc/self/fd/" + std::to_string(file);
  if (::linkat(AT_FDCWD, unnamed.c_str(), folder_.fd(), name_.c_str(), AT_SYMLINK_FOLLOW) == 0) return;
  if (!is_absence(errno)) throw_error(errno, attempt);
  write(object, durable);  // no /proc here, or no directory
}

void Draft::move_to(Name const& name) {
  if (::renameat2(folder_.fd(), name_.c_str(), folder_.fd(), name.object().c_str(), RENAME_NOREPLACE) == 0) {
    name_.clear();
    return;
  }
  auto const attempt = folder_.attempt("name", name.object());
  if (errno != EINVAL && errno != ENOSYS) throw_error(errno, attempt);
  if (!claim(name)) throw_error(EEXIST, attempt);  // NFS cannot refuse to replace, except in link()
}

bool Draft::claim(Name const& name) {
  if (::linkat(folder_.fd(), name_.c_str(), folder_.fd(), name.object().c_str(), 0) == 0) return true;
  if (errno == EEXIST) return false;
  throw_error(errno, folder_.attempt("name", name.object()));
}

}  // namespace proxystore::file
