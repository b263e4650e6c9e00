#include "growing_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <bit>
#include <cstring>

namespace proxystore::segments {
namespace {

/// What is created is found after a crash when its directory is on the disk.
void sync_directory(std::string const& directory) {
  Descriptor const fd(file_check(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC), "open", directory));
  file_check(::fsync(fd.get()), "write to the disk", directory);
}

}  // namespace

GrowingFile::GrowingFile(WriterOptions const& options, FileName const& name, std::uint64_t capacity, std::uint64_t step)
    : name_(name),
      path_(options.directory + '/' + name.text()),
      capacity_(capacity),
      step_(step),
      fd_(file_check(uninterrupted([&] {
                       return ::open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, options.permissions);
                     }),
                     "make", path_)) {
  try {
    if ((options.permissions & 077U) != 0)
      file_check(::fchmod(fd_.get(), options.permissions), "set the permissions of", path_);
    auto const header = make_file_header(name.session, name.rank, name.number);
    salt_ = header.salt;
    if (options.mapped) {
      allocate(std::min(step_, capacity_), header_bytes);
      mapping_ = Mapping(fd_.get(), capacity_, PROT_READ | PROT_WRITE, path_);
    }
    write(std::as_bytes(std::span(&header, 1)), 0);
    allocated_ = std::max<std::uint64_t>(allocated_, header_bytes);
    if (options.flushed) sync();
    if (options.durable) sync_directory(options.directory);
  } catch (...) {
    ::unlink(path_.c_str());
    throw;
  }
}

/// Reserves space up to `bytes` of the file, or at least up to `least`.
void GrowingFile::allocate(std::uint64_t bytes, std::uint64_t least) {
  for (auto const wanted : {bytes, least}) {
    int const error =
        uninterrupted([&] {
          return ::fallocate(fd_.get(), 0, static_cast<off_t>(allocated_), static_cast<off_t>(wanted - allocated_));
        }) == 0
            ? 0
            : errno;
    if (error == 0) {
      allocated_ = wanted;
      return;
    }
    if (wanted == least || (error != ENOSPC && error != EDQUOT)) throw_error(error, "make room in", path_);
  }
}

std::optional<std::uint64_t> GrowingFile::reserve(std::uint64_t bytes, std::uint64_t most) {
  auto const least = end_ + bytes;
  if (least > allocated_) {
    if (least - allocated_ > most) return std::nullopt;
    auto const wish = std::min({std::max(least, allocated_ + step_), capacity_, allocated_ + most});
    if (mapping_.memory().empty()) allocated_ = least;
    else allocate(wish, least);
  }
  end_ = least;
  return least - bytes;
}

bool GrowingFile::give_back(std::uint64_t offset, std::uint64_t bytes) noexcept {
  if (sealed_ || offset + bytes != end_) return false;
  end_ = offset;
  if (!mapping_.memory().empty()) return true;
  allocated_ = end_;
  static_cast<void>(::ftruncate(fd_.get(), static_cast<off_t>(end_)) == 0);  // what it has beyond, nobody reads
  return true;
}

void GrowingFile::seal() noexcept {
  sealed_ = true;
  if (::ftruncate(fd_.get(), static_cast<off_t>(end_)) == 0) allocated_ = end_;
}

std::span<std::byte> GrowingFile::memory(std::uint64_t offset, std::uint64_t bytes) const noexcept {
  auto const all = mapping_.memory();
  return all.empty() ? all : all.subspan(offset, bytes);
}

void GrowingFile::store(std::span<std::byte const> bytes, std::uint64_t offset) {
  if (auto const target = memory(offset, bytes.size()); !target.empty())
    std::memcpy(target.data(), bytes.data(), bytes.size());
  else write(bytes, offset);
}

void GrowingFile::mark(std::uint64_t offset, State state) {
  auto const at = offset + state_at;
  if (auto const target = memory(at, sizeof state); !target.empty())
    std::atomic_ref(*reinterpret_cast<State*>(target.data())).store(state, std::memory_order_relaxed);
  else write(std::as_bytes(std::span(&state, 1)), at);
}

void GrowingFile::sync() {
  auto const mine = asked_.fetch_add(1) + 1;
  std::lock_guard const lock(syncing_);
  if (synced_ >= mine) return;
  auto const all = asked_.load();  // those have written before they asked
  file_check(uninterrupted([&] { return ::fdatasync(fd_.get()); }), "write to the disk", path_);
  synced_ = all;
}

}  // namespace proxystore::segments
