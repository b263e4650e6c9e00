#include <proxystore/buffer.hpp>

#include <new>

#include <proxystore/error.hpp>

namespace proxystore {
namespace {

/// One allocation for memory and share count.
struct alignas(Buffer::alignment) Block {
  std::byte bytes[Buffer::alignment];
};

std::shared_ptr<Block[]> make_blocks(std::size_t size) {
  return std::make_shared_for_overwrite<Block[]>(size / sizeof(Block) + (size % sizeof(Block) != 0));
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
  auto blocks = make_blocks(memory.size());
  std::memcpy(blocks.get(), memory.data(), memory.size());
  copy.memory_ = reinterpret_cast<std::byte const*>(blocks.get());
  copy.size_ = memory.size();
  copy.owner_ = std::move(blocks);
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
  auto blocks = make_blocks(size);
  memory_ = reinterpret_cast<std::byte*>(blocks.get());
  owner_ = std::move(blocks);
}

Buffer Buffer::copy_of(std::span<std::byte const> memory) {
  Buffer buffer(memory.size());
  if (!memory.empty()) std::memcpy(buffer.data(), memory.data(), memory.size());
  return buffer;
}

void Buffer::take(Buffer& other) noexcept {
  memory_ = std::exchange(other.memory_, nullptr);
  size_ = std::exchange(other.size_, 0);
  owner_ = std::move(other.owner_);
  arena_ = std::exchange(other.arena_, nullptr);
  if (!memory_ && size_ != 0) std::memcpy(inline_, other.inline_, size_);
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
