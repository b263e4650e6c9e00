#include "posix.hpp"

#include <fcntl.h>
#include <unistd.h>

#include "checked.hpp"

namespace raw {

void write_file(std::string const& path, void const* data, std::size_t size, Sync sync) {
  auto const temporary = path + ".tmp";
  int const file = checked(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL, 0600), "open");
  auto const* bytes = static_cast<char const*>(data);
  for (std::size_t done = 0; done < size;)
    done += static_cast<std::size_t>(checked(static_cast<int>(::write(file, bytes + done, size - done)), "write"));
  if (sync == Sync::yes) checked(::fdatasync(file), "fdatasync");
  ::close(file);
  checked(::rename(temporary.c_str(), path.c_str()), "rename");
}

void read_file(std::string const& path, void* data, std::size_t size) {
  int const file = checked(::open(path.c_str(), O_RDONLY), "open");
  auto* bytes = static_cast<char*>(data);
  for (std::size_t done = 0; done < size;)
    done += static_cast<std::size_t>(checked(static_cast<int>(::read(file, bytes + done, size - done)), "read"));
  ::close(file);
}

void remove_file(std::string const& path) { checked(::unlink(path.c_str()), "unlink"); }

}  // namespace raw
