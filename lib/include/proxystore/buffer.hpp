/// @file
/// Memory on its way into a store (Buffer) and out of it (Bytes).
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include <proxystore/export.hpp>

namespace proxystore {

/// Immutable bytes with shared ownership: on the heap, in a memory window or in a mapped file.
/// A value: copies share the memory, which stays while any copy or slice is held. Bytes made by copying at most
/// `inline_capacity` bytes hold them inside: moving them invalidates pointers, as with a short std::string.
class PROXYSTORE_EXPORT Bytes {
 public:
  /// Bytes that need no memory besides.
  static constexpr std::size_t inline_capacity = 48;
  static constexpr std::size_t inline_alignment = 16;

  Bytes() noexcept = default;
  /// A view of `memory`, kept valid by `owner`.
  Bytes(std::span<std::byte const> memory, std::shared_ptr<void const> owner) noexcept
      : memory_(memory.data()), size_(memory.size()), owner_(std::move(owner)) {}
  Bytes(Bytes const& other) noexcept : memory_(other.memory_), size_(other.size_), owner_(other.owner_) {
    copy_inline(other);
  }
  Bytes(Bytes&& other) noexcept
      : memory_(std::exchange(other.memory_, nullptr)), size_(other.size_), owner_(std::move(other.owner_)) {
    copy_inline(other);
    other.size_ = 0;
  }
  Bytes& operator=(Bytes other) noexcept {
    memory_ = other.memory_;
    size_ = other.size_;
    owner_ = std::move(other.owner_);
    copy_inline(other);
    return *this;
  }
  ~Bytes() = default;

  /// A copy with an owner of its own.
  static Bytes copy_of(std::span<std::byte const> memory);
  static Bytes copy_of(std::string_view text) { return copy_of(std::as_bytes(std::span(text))); }

  std::byte const* data() const noexcept { return memory_ ? memory_ : inline_; }
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  std::span<std::byte const> span() const noexcept { return {data(), size_}; }
  std::string_view text() const noexcept { return {reinterpret_cast<char const*>(data()), size_}; }

  /// The bytes from `offset` on, or `count` of them, sharing ownership. Throws InvalidArgument beyond the end.
  Bytes slice(std::size_t offset) const;
  Bytes slice(std::size_t offset, std::size_t count) const;

  friend bool operator==(Bytes const& a, Bytes const& b) noexcept {
    return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
  }

 private:
  void copy_inline(Bytes const& other) noexcept {
    if (!memory_ && size_ != 0) std::memcpy(inline_, other.inline_, inline_capacity);
  }

  std::byte const* memory_ = nullptr;  // null: inline_
  std::size_t size_ = 0;
  std::shared_ptr<void const> owner_;
  alignas(inline_alignment) std::byte inline_[inline_capacity] = {};
};

/// Writable, uninitialised memory with one owner; move-only. May lie in a connector's own memory,
/// which then publishes it without a copy. Moving invalidates pointers into a buffer of at most
/// `inline_capacity` bytes, since those live inside the object; larger memory never moves.
class PROXYSTORE_EXPORT Buffer {
 public:
  static constexpr std::size_t inline_capacity = 64;
  static constexpr std::size_t alignment = 64;  ///< of memory beyond inline_capacity

  Buffer() noexcept = default;
  /// `size` bytes of heap. Throws std::bad_alloc.
  explicit Buffer(std::size_t size);
  /// Memory of a connector: `owner` gives it back, `arena` tells the connector that it is its own.
  Buffer(std::span<std::byte> memory, std::shared_ptr<void> owner, void const* arena) noexcept
      : memory_(memory.data()), size_(memory.size()), owner_(std::move(owner)), arena_(arena) {}
  static Buffer copy_of(std::span<std::byte const> memory);

  Buffer(Buffer&& other) noexcept { take(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    if (this != &other) take(other);
    return *this;
  }
  Buffer(Buffer const&) = delete;
  Buffer& operator=(Buffer const&) = delete;
  ~Buffer() = default;

  std::byte* data() noexcept { return memory_ ? memory_ : inline_; }
  std::byte const* data() const noexcept { return memory_ ? memory_ : inline_; }
  std::size_t size() const noexcept { return size_; }
  std::span<std::byte> span() noexcept { return {data(), size_}; }
  std::span<std::byte const> span() const noexcept { return {data(), size_}; }

  void const* arena() const noexcept { return arena_; }
  std::shared_ptr<void> const& owner() const noexcept { return owner_; }

  /// Ends writing: the same memory as immutable bytes (small ones move to the heap).
  Bytes freeze() &&;

 private:
  void take(Buffer& other) noexcept {
    memory_ = std::exchange(other.memory_, nullptr);
    size_ = std::exchange(other.size_, 0);
    owner_ = std::move(other.owner_);
    arena_ = std::exchange(other.arena_, nullptr);
    if (!memory_ && size_ != 0) std::memcpy(inline_, other.inline_, size_);
  }

  std::byte* memory_ = nullptr;  // null: inline_
  std::size_t size_ = 0;
  std::shared_ptr<void> owner_;
  void const* arena_ = nullptr;
  alignas(16) std::byte inline_[inline_capacity];
};

/// Where buffers come from. Thread-safe.
class PROXYSTORE_EXPORT Allocator {
 public:
  /// Uninitialised memory, 64-byte aligned beyond Buffer::inline_capacity. The default: heap.
  virtual Buffer allocate(std::size_t bytes) { return Buffer(bytes); }

 protected:
  Allocator() = default;
  ~Allocator() = default;
};

/// The process's heap as an Allocator.
PROXYSTORE_EXPORT Allocator& heap() noexcept;

}  // namespace proxystore
