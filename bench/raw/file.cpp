#include "file.hpp"

#include <fcntl.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "checked.hpp"

namespace raw {

Watch::Watch(std::string const& directory) : queue_(checked(::inotify_init1(IN_CLOEXEC), "inotify")) {
  checked(::inotify_add_watch(queue_, directory.c_str(), IN_CREATE | IN_MOVED_TO), "watch");
}

Watch::~Watch() { ::close(queue_); }

void Watch::wait(std::string const& path) const {
  while (::access(path.c_str(), F_OK) != 0) {
    alignas(inotify_event) char events[16384];
    checked(static_cast<int>(::read(queue_, events, sizeof events)), "read");
  }
}

void publish(std::string const& path, void const* data, std::size_t size) {
  auto const temporary = path + ".tmp";
  int const file = checked(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL, 0600), "open");
  checked(static_cast<int>(::write(file, data, size)), "write");
  ::close(file);
  checked(::link(temporary.c_str(), path.c_str()), "link");
  ::close(checked(::open((path + ".ready").c_str(), O_WRONLY | O_CREAT | O_EXCL, 0600), "open"));
  ::unlink(temporary.c_str());
}

}  // namespace raw
