#pragma once

#include <cstddef>
#include <span>

#include <proxystore/buffer.hpp>

namespace proxystore::detail {

/// Memory for an object that arrives, whose size may not be known before its end. Grows without copying where the
/// object is large; becomes the object. The system gives memory only for what is written.
class Arriving {
 public:
  Arriving() = default;
  /// For `size` bytes that are announced. Throws std::bad_alloc.
  explicit Arriving(std::size_t size) { reserve(size); }
  ~Arriving();
  Arriving(Arriving&& other) noexcept;
  Arriving& operator=(Arriving&& other) noexcept;
  Arriving(Arriving const&) = delete;
  Arriving& operator=(Arriving const&) = delete;

  std::size_t size() const noexcept { return size_; }
  /// What can be written behind the end; grows if that is less than `least` bytes.
  std::span<std::byte> room(std::size_t least = 0);
  /// Makes the first `written` bytes of the room part of the object.
  void take(std::size_t written) noexcept { size_ += written; }
  void append(std::span<std::byte const> bytes);
  /// Ends it: the object. Short ones are held inside.
  Bytes freeze() &&;

 private:
  void reserve(std::size_t capacity);

  std::byte* memory_ = nullptr;
  std::size_t size_ = 0, capacity_ = 0;
};

}  // namespace proxystore::detail
