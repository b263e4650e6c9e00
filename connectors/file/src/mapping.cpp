#include "mapping.hpp"

#include <fcntl.h>
#include <memory>
#include <sys/mman.h>
#include <unistd.h>

namespace proxystore::file {
namespace {

void* map(Descriptor const& file, std::size_t size, int protection, Attempt const& attempt) {
  void* const memory = ::mmap(nullptr, size, protection, MAP_SHARED, file.get(), 0);
  if (memory == MAP_FAILED) throw_error(errno, attempt);
  return memory;
}

std::size_t size_of(Descriptor const& file, Attempt const& attempt) {
  struct stat status {};
  file_check(::fstat(file.get(), &status), attempt);
  return static_cast<std::size_t>(status.st_size);
}

}  // namespace

Mapping::Mapping(Descriptor file, std::size_t size, int protection, Attempt const& attempt)
    : file_(std::move(file)), size_(size), memory_(map(file_, size, protection, attempt)) {}

Mapping::~Mapping() { ::munmap(memory_, size_); }

std::optional<Bytes> content_of(Folder const& folder, Descriptor file, Name const& name) {
  auto const attempt = folder.attempt("read", name.object());
  std::size_t const size = size_of(file, attempt);
  if (size >= worth_mapping && !folder.is_shared()) {
    auto const mapping = std::make_shared<Mapping const>(std::move(file), size, PROT_READ, attempt);
    return Bytes(mapping->memory(), mapping);
  }
  Buffer object(size);
  for (std::size_t done = 0; done < size;) {
    auto const count = uninterrupted([&] { return ::read(file.get(), object.data() + done, size - done); });
    if (count == -1 && errno == ESTALE) return std::nullopt;
    if (file_check(count, attempt) == 0) throw_error(EIO, attempt);
    done += static_cast<std::size_t>(count);
  }
  return std::move(object).freeze();
}

std::optional<Buffer> allocate(Folder const& folder, std::size_t bytes, void const* arena) {
  Descriptor file(::openat(folder.fd(), ".", O_RDWR | O_TMPFILE | O_CLOEXEC, folder.permissions()));
  if (!file) return std::nullopt;
  auto const attempt = folder.attempt("make room for an object");
  if (uninterrupted([&] { return ::fallocate(file.get(), 0, 0, static_cast<off_t>(bytes)); }) != 0) {
    if (errno == EOPNOTSUPP || errno == ENOSYS) return std::nullopt;
    throw_error(errno, attempt);
  }
  auto const mapping = std::make_shared<Mapping>(std::move(file), bytes, PROT_READ | PROT_WRITE, attempt);
  return Buffer(mapping->memory(), mapping, arena);
}

}  // namespace proxystore::file
