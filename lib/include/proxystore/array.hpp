/// @file
/// Arrays that move without copies.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <initializer_list>
#include <span>
#include <type_traits>
#include <utility>
#include <variant>

#include <proxystore/buffer.hpp>
#include <proxystore/detail/npy.hpp>
#include <proxystore/error.hpp>

namespace proxystore {

/// A shape (Shape: a std::vector<std::size_t>) and contiguous data in C order. T: trivially copyable.
///
/// Made with a shape it owns writable memory, uninitialised, with room for its wire header in front: moved
/// into a store it is published without a copy. Taken out of a store it is a view of the stored bytes, keeps
/// them alive, and makes a copy of its own at the first mutable access. Copying a view shares it; copying
/// an array that owns its memory copies the data. Not synchronised: as any value.
template <class T>
class Array {
  static_assert(std::is_trivially_copyable_v<T>, "an Array's elements travel as bytes");
  static_assert(alignof(T) <= Bytes::inline_alignment);

 public:
  using value_type = T;

  /// Shape {0}.
  Array() : Array(Shape{0}) {}
  /// Uninitialised. Memory from `memory`, e.g. a connector's, else the heap.
  explicit Array(Shape shape, Allocator& memory = heap()) : shape_(std::move(shape)), count_(npy::count(shape_, sizeof(T))) {
    npy::Prefix const prefix(dtype(), shape_);
    prefix_ = prefix.size();
    auto& buffer = memory_.template emplace<Buffer>(memory.allocate(prefix_ + count_ * sizeof(T)));
    std::memcpy(buffer.data(), prefix.bytes().data(), prefix_);
  }
  Array(std::initializer_list<std::size_t> shape) : Array(Shape(shape)) {}

  /// A view of `data`, which holds the elements of `shape` in C order, aligned for T.
  Array(Shape shape, Bytes data)
      : shape_(std::move(shape)), count_(npy::count(shape_, sizeof(T))), memory_(std::move(data)) {
    if (std::get<Bytes>(memory_).size() != count_ * sizeof(T))
      throw InvalidArgument("an Array's data and shape differ in size");
  }

  Array(Array const& other) : Array(other.is_view() ? Array(other.shape_, std::get<Bytes>(other.memory_)) : other.copy()) {}
  /// Leaves `other` without elements, to be assigned to or destroyed.
  Array(Array&& other) noexcept
      : shape_(std::exchange(other.shape_, {})),
        count_(std::exchange(other.count_, 0)),
        prefix_(std::exchange(other.prefix_, 0)),
        memory_(std::exchange(other.memory_, {})) {}
  Array& operator=(Array&& other) noexcept {
    shape_ = std::exchange(other.shape_, {});
    count_ = std::exchange(other.count_, 0);
    prefix_ = std::exchange(other.prefix_, 0);
    memory_ = std::exchange(other.memory_, {});
    return *this;
  }
  Array& operator=(Array const& other) {
    return *this = Array(other);
  }
  ~Array() = default;

  /// Extents, the slowest first.
  Shape const& shape() const noexcept { return shape_; }
  /// Number of axes.
  std::size_t rank() const noexcept { return shape_.size(); }
  /// Number of elements.
  std::size_t size() const noexcept { return count_; }
  bool empty() const noexcept { return count_ == 0; }

  /// The elements in C order.
  T const* data() const noexcept {
    auto const* view = std::get_if<Bytes>(&memory_);
    return reinterpret_cast<T const*>(view ? view->data() : std::get<Buffer>(memory_).data() + prefix_);
  }
  /// The elements, to be written: of a view a copy of its own.
  T* data() {
    if (is_view()) *this = copy();
    return reinterpret_cast<T*>(std::get<Buffer>(memory_).data() + prefix_);
  }
  std::span<T const> span() const noexcept { return {data(), count_}; }
  std::span<T> span() { return {data(), count_}; }

  T const* begin() const noexcept { return data(); }
  T const* end() const noexcept { return data() + count_; }
  T* begin() { return data(); }
  T* end() { return data() + count_; }
  /// Element i in C order, whatever the shape. REQUIRES: i < size()
  T const& operator[](std::size_t i) const noexcept { return data()[i]; }
  T& operator[](std::size_t i) { return data()[i]; }

  /// Element at (i, j, …). REQUIRES: as many indices as extents, each inside
  template <class... Index>
  T const& operator()(Index... index) const noexcept {
    return data()[offset_of({static_cast<std::size_t>(index)...})];
  }
  template <class... Index>
  T& operator()(Index... index) {
    return data()[offset_of({static_cast<std::size_t>(index)...})];
  }

  /// True while the elements are someone else's memory.
  bool is_view() const noexcept { return std::holds_alternative<Bytes>(memory_); }

  /// The object as it is published, header in front. REQUIRES: !is_view(). Leaves the array without elements, as a move
  /// does.
  Buffer release() && {
    Buffer whole = std::move(std::get<Buffer>(memory_));
    shape_.clear();
    count_ = prefix_ = 0;
    return whole;
  }

  friend bool operator==(Array const& a, Array const& b) {
    return a.shape_ == b.shape_ && std::equal(a.begin(), a.end(), b.begin());
  }

  static constexpr npy::Dtype dtype() noexcept { return npy::dtype_of<T>(); }

 private:
  Array copy() const {
    Array out(shape_);
    if (count_ != 0) std::memcpy(out.data(), std::as_const(*this).data(), count_ * sizeof(T));
    return out;
  }
  std::size_t offset_of(std::initializer_list<std::size_t> index) const noexcept {
    std::size_t offset = 0, axis = 0;
    for (std::size_t i : index) offset = offset * shape_[axis++] + i;
    return offset;
  }

  Shape shape_;
  std::size_t count_ = 0;
  std::size_t prefix_ = 0;  // bytes of wire header in front of the data, in a Buffer
  std::variant<Buffer, Bytes> memory_;
};

}  // namespace proxystore
