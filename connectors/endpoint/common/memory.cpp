#include "memory.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <utility>

#include <sys/mman.h>

namespace proxystore::detail {
namespace {

constexpr std::size_t page = 65536;                  // a multiple of each page size in use
constexpr std::size_t smallest_map = 256 * 1024;     // below, memory of the heap
constexpr std::size_t huge = std::size_t{4} << 20U;  // worth larger pages

std::size_t rounded(std::size_t bytes, std::size_t unit = page) {
  if (bytes > SIZE_MAX - unit) throw std::bad_alloc();
  return (bytes + unit - 1) / unit * unit;
}

void give_back(std::byte* memory, std::size_t capacity) noexcept {
  if (capacity < smallest_map) std::free(memory);
  else munmap(memory, capacity);
}

std::byte* map(std::size_t capacity) {
  void* const at = mmap(nullptr, capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at == MAP_FAILED) throw std::bad_alloc();
  if (capacity >= huge) madvise(at, capacity, MADV_HUGEPAGE);
  return static_cast<std::byte*>(at);
}

}  // namespace

Arriving::~Arriving() { give_back(memory_, capacity_); }

Arriving::Arriving(Arriving&& other) noexcept
    : memory_(std::exchange(other.memory_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      capacity_(std::exchange(other.capacity_, 0)) {}

Arriving& Arriving::operator=(Arriving&& other) noexcept {
  std::swap(memory_, other.memory_);
  std::swap(size_, other.size_);
  std::swap(capacity_, other.capacity_);
  return *this;
}

void Arriving::reserve(std::size_t capacity) {
  if (capacity <= capacity_) return;
  if (capacity < smallest_map) {
    auto* const more =
        static_cast<std::byte*>(std::aligned_alloc(Buffer::alignment, rounded(capacity, Buffer::alignment)));
    if (!more) throw std::bad_alloc();
    if (size_ != 0) std::memcpy(more, memory_, size_);
    std::free(memory_);
    memory_ = more;
    capacity_ = capacity;
    return;
  }
  capacity = rounded(capacity);
  if (capacity_ >= smallest_map) {
    void* const moved = mremap(memory_, capacity_, capacity, MREMAP_MAYMOVE);
    if (moved == MAP_FAILED) throw std::bad_alloc();
    memory_ = static_cast<std::byte*>(moved);
  } else {
    auto* const more = map(capacity);
    if (size_ != 0) std::memcpy(more, memory_, size_);
    std::free(memory_);
    memory_ = more;
  }
  capacity_ = capacity;
}

std::span<std::byte> Arriving::room(std::size_t least) {
  if (capacity_ - size_ < least) reserve(std::max(size_ + least, 2 * capacity_));
  return {memory_ + size_, capacity_ - size_};
}

void Arriving::append(std::span<std::byte const> bytes) {
  if (bytes.empty()) return;
  std::memcpy(room(bytes.size()).data(), bytes.data(), bytes.size());
  take(bytes.size());
}

Bytes Arriving::freeze() && {
  if (size_ <= Bytes::inline_capacity) return Bytes::copy_of({memory_, size_});
  if (capacity_ >= smallest_map && rounded(size_) < capacity_) {
    std::size_t const enough = std::max(rounded(size_), smallest_map);
    if (enough < capacity_) munmap(memory_ + enough, capacity_ - enough);
    capacity_ = enough;
  }
  std::shared_ptr<void const> owner(memory_, [capacity = capacity_](void const* memory) {
    give_back(static_cast<std::byte*>(const_cast<void*>(memory)), capacity);
  });
  Bytes object({memory_, size_}, std::move(owner));
  memory_ = nullptr;
  size_ = capacity_ = 0;
  return object;
}

}  // namespace proxystore::detail
