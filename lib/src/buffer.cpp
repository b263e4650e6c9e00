#include <proxystore/buffer.hpp>

#include <cstdint>
#include <limits>
#include <new>

#include <proxystore/error.hpp>

namespace proxystore {
namespace {

/// One allocation for memory and share count, which is malloc's plain one: what glibc aligns it does not keep at hand.
std::shared_ptr<std::byte> make_aligned(std::size_t size) {
  constexpr std::size_t slack = Buffer::alignment - 1;
  if (size > std::numeric_limits<std::size_t>::max() - slack) throw std::bad_alloc();
  auto whole = std::make_shared_for_overwrite<std::byte[]>(size + slack);
  auto const beyond = reinterpret_cast<std::uintptr_t>(whole.get()) % Buffer::alignment;
  auto* const first = whole.get() + (beyond == 0 ? 0 : Buffer::alignment - beyond);
  return {std::move(whole), first};
}

class Heap final : public Allocator {};

}  // namespace

Bytes Bytes::copy_of(std::span<std::byte const> memory) {
  Bytes copy;
  if (memory.empty()) return copy;
  if (memory.size() <= inline_capacity) {
    copy.size_ = memory.size();
    std::memcpy(copy.inline_, memory.data(), memory.size());
    return copy;
  }
  auto owner = make_aligned(memory.size());
  std::memcpy(owner.get(), memory.data(), memory.size());
  copy.memory_ = owner.get();
  copy.size_ = memory.size();
  copy.owner_ = std::move(owner);
  return copy;
}

Bytes Bytes::slice(std::size_t offset) const {
  if (offset > size()) throw InvalidArgument("a slice begins beyond the end of its bytes");
  return slice(offset, size() - offset);
}

Bytes Bytes::slice(std::size_t offset, std::size_t count) const {
  if (offset > size() || count > size() - offset) throw InvalidArgument("a slice ends beyond the end of its bytes");
  if (!memory_) return copy_of(span().subspan(offset, count));
  return {span().subspan(offset, count), owner_};
}

Buffer::Buffer(std::size_t size) : size_(size) {
  if (size <= inline_capacity) return;
  auto owner = make_aligned(size);
  memory_ = owner.get();
  owner_ = std::move(owner);
}

Buffer Buffer::copy_of(std::span<std::byte const> memory) {
  Buffer buffer(memory.size());
  if (!memory.empty()) std::memcpy(buffer.data(), memory.data(), memory.size());
  return buffer;
}

Bytes Buffer::freeze() && {
  if (!memory_) {
    Bytes copy = Bytes::copy_of(span());
    size_ = 0;
    return copy;
  }
  Bytes bytes({memory_, size_}, std::move(owner_));
  memory_ = nullptr;
  size_ = 0;
  arena_ = nullptr;
  return bytes;
}

Allocator& heap() noexcept {
  static Heap instance;
  return instance;
}

}  // namespace proxystore
