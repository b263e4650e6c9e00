#include "box.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

namespace proxystore::mpi::detail {
namespace {

/// Elements from one index of an axis to the next.
std::vector<std::size_t> strides_of(Shape const& shape) {
  std::vector<std::size_t> strides(shape.size());
  std::size_t stride = 1;
  for (std::size_t axis = shape.size(); axis-- > 0; stride *= shape[axis]) strides[axis] = stride;
  return strides;
}

struct Rows {
  std::vector<std::size_t> extent, source_stride, target_stride;  // of the axes that are walked; strides in bytes
  std::size_t bytes;                                              // of a row, in one piece on both sides

  void copy(std::size_t axis, std::byte const* source, std::byte* target) const {
    if (axis == extent.size()) {
      std::memcpy(target, source, bytes);
      return;
    }
    for (std::size_t i = 0; i < extent[axis]; ++i, source += source_stride[axis], target += target_stride[axis])
      copy(axis + 1, source, target);
  }
};

}  // namespace

bool within(Box const& box, Shape const& shape) noexcept {
  if (box.offset.size() != shape.size() || box.shape.size() != shape.size()) return false;
  for (std::size_t axis = 0; axis < shape.size(); ++axis)
    if (box.offset[axis] > shape[axis] || box.shape[axis] > shape[axis] - box.offset[axis]) return false;
  return true;
}

std::size_t volume(Box const& box) noexcept {
  std::size_t elements = 1;
  for (auto const extent : box.shape) elements *= extent;
  return elements;
}

std::optional<Box> meet(Box const& a, Box const& b) {
  Box both{a.offset, a.shape};
  for (std::size_t axis = 0; axis < a.offset.size(); ++axis) {
    auto const begin = std::max(a.offset[axis], b.offset[axis]);
    auto const end = std::min(a.offset[axis] + a.shape[axis], b.offset[axis] + b.shape[axis]);
    if (begin >= end) return std::nullopt;
    both.offset[axis] = begin;
    both.shape[axis] = end - begin;
  }
  return both;
}

Shape from(Shape const& origin, Shape const& offset) {
  Shape seen(offset);
  for (std::size_t axis = 0; axis < seen.size(); ++axis) seen[axis] -= origin[axis];
  return seen;
}

std::size_t index_of(Shape const& shape, Shape const& offset) noexcept {
  std::size_t index = 0;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) index = index * shape[axis] + offset[axis];
  return index;
}

bool is_contiguous(Box const& box, Shape const& shape) noexcept {
  std::size_t axis = 0;
  while (axis < shape.size() && box.shape[axis] == 1) ++axis;
  for (++axis; axis < shape.size(); ++axis)
    if (box.shape[axis] != shape[axis]) return false;
  return true;
}

ObjectPart part_of(Box const& box, Shape const& shape, std::size_t element, std::size_t prefix) {
  auto const bytes = npy::count(shape, element) * element;
  auto const strides = strides_of(shape);
  ObjectPart part{{}, prefix + bytes, prefix + index_of(shape, box.offset) * element, element, {}};
  std::size_t walked = shape.size();
  while (walked > 0) {  // axes that are whole belong to the row, and one more
    part.row *= box.shape[--walked];
    if (box.shape[walked] != shape[walked]) break;
  }
  for (std::size_t axis = 0; axis < walked; ++axis)
    if (box.shape[axis] != 1) part.axes.push_back({box.shape[axis], strides[axis] * element});
  return part;
}

void copy(Copy const& arrays, Shape const& extent, std::size_t element) {
  if (std::find(extent.begin(), extent.end(), 0U) != extent.end()) return;
  std::size_t walked = extent.size(), row = element;
  while (walked > 0) {  // axes that are whole on both sides belong to the row, and one more
    row *= extent[--walked];
    if (extent[walked] != arrays.source_shape[walked] || extent[walked] != arrays.target_shape[walked]) break;
  }
  Rows rows{{extent.begin(), extent.begin() + static_cast<std::ptrdiff_t>(walked)},
            strides_of(arrays.source_shape),
            strides_of(arrays.target_shape),
            row};
  for (auto* strides : {&rows.source_stride, &rows.target_stride})
    for (auto& stride : *strides) stride *= element;
  rows.copy(0, arrays.source.data() + index_of(arrays.source_shape, arrays.source_offset) * element,
            arrays.target.data() + index_of(arrays.target_shape, arrays.target_offset) * element);
}

std::string to_string(Box const& box) {
  std::string text;
  for (std::size_t axis = 0; axis < box.offset.size() && axis < box.shape.size(); ++axis)
    text += (axis == 0 ? "" : ", ") + std::to_string(box.offset[axis]) + ":" +
            std::to_string(box.offset[axis] + box.shape[axis]);
  return "[" + text + "]";
}

std::string to_string(Shape const& shape) {
  std::string text;
  for (auto const extent : shape) text += (text.empty() ? "" : " x ") + std::to_string(extent);
  return text.empty() ? "a scalar" : text;
}

}  // namespace proxystore::mpi::detail
