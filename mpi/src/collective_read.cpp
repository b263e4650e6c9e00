#include <proxystore/mpi/detail/collective_core.hpp>

#include <unistd.h>
#include <algorithm>

#include <proxystore/error.hpp>

#include "array_file.hpp"
#include "box.hpp"

namespace proxystore::mpi::detail {
namespace {

using proxystore::detail::StoreCore;

npy::Dtype dtype_of(Layout const& layout) noexcept {
  return {layout.kind, static_cast<std::size_t>(layout.element_size)};
}

std::string name_of(npy::Dtype dtype) { return dtype.kind + std::to_string(dtype.size); }

/// What a description says of a block, before it is used. Throws CorruptObject.
void require_sound(Layout const& layout, Piece const& piece) {
  if (within(piece.box, layout.shape) && within({piece.inside, piece.box.shape}, piece.block)) return;
  throw CorruptObject("the description of a collective array has a block that does not lie in it");
}

/// The elements of the block's object, a view where this process reads in place.
Bytes elements_of(StoreCore& store, Layout const& layout, Piece const& piece, std::size_t alignment) {
  auto const object = store.get(piece.object);
  if (!object)
    throw ObjectNotFound("block '" + piece.object.text() + "' of a collective array not found in store '" +
                         store.name() + "' (it may have been evicted while proxies still exist)");
  auto const parsed = npy::parse(*object);
  if (parsed.shape != piece.block || parsed.fortran_order)
    throw CorruptObject("block '" + piece.object.text() + "' is not the array that was announced");
  return npy::native(parsed, dtype_of(layout), alignment);
}

void read_blocks(StoreCore& store, Layout const& layout, Box const& box, std::span<std::byte> out) {
  std::size_t missing = volume(box);
  for (auto const& piece : layout.pieces) {
    require_sound(layout, piece);
    auto const both = meet(piece.box, box);
    if (!both) continue;
    auto const elements = elements_of(store, layout, piece, 1);
    Shape source = from(piece.box.offset, both->offset);
    for (std::size_t axis = 0; axis < source.size(); ++axis) source[axis] += piece.inside[axis];
    copy({elements.span(), piece.block, source, out, box.shape, from(box.offset, both->offset)}, both->shape,
         dtype_of(layout).size);
    missing -= std::min(missing, volume(*both));
  }
  if (missing != 0) throw CorruptObject("the description of a collective array leaves elements out");
}

}  // namespace

Layout const& layout_of(Future<Layout> const& future, npy::Dtype dtype, Box const& box, Deadline deadline) {
  auto const& layout = future.result(deadline);
  if (layout.shape.empty() || layout.shape.size() > most_axes)
    throw CorruptObject("the description of a collective array has " + std::to_string(layout.shape.size()) + " axes");
  if (dtype_of(layout) != dtype)
    throw InvalidArgument("the array has elements of type " + name_of(dtype_of(layout)) + ", not " + name_of(dtype) +
                          " (as NumPy names types)");
  if (!within(box, layout.shape))
    throw InvalidArgument("region " + to_string(box) + " does not lie in the array of " + to_string(layout.shape));
  return layout;
}

std::optional<Bytes> view_of(Future<Layout> const& future, Layout const& layout, Box const& box,
                             std::size_t alignment) {
  if (empty(box)) return std::nullopt;
  for (auto const& piece : layout.pieces) {
    require_sound(layout, piece);
    if (meet(piece.box, box) != box) continue;
    Shape inside = from(piece.box.offset, box.offset);
    for (std::size_t axis = 0; axis < inside.size(); ++axis) inside[axis] += piece.inside[axis];
    if (!is_contiguous({inside, box.shape}, piece.block)) return std::nullopt;
    auto const element = dtype_of(layout).size;
    return elements_of(future.store(), layout, piece, alignment)
        .slice(index_of(piece.block, inside) * element, volume(box) * element);
  }
  return std::nullopt;
}

void read(Future<Layout> const& future, Layout const& layout, Box const& box, std::span<std::byte> out) {
  if (out.empty()) return;
  if (layout.file.empty()) read_blocks(future.store(), layout, box, out);
  else read_array_file(layout, box, out);
}

void evict(Future<Layout> const& future) {
  Layout layout;
  try {
    if (future.done()) layout = future.result(Deadline::immediate());
  } catch (RemoteError const&) {  // there is no array
  } catch (ObjectNotFound const&) {
  }
  auto& store = future.store();
  store.evict(future.key());
  for (auto const& piece : layout.pieces) store.evict(piece.object);
  if (!layout.file.empty()) unlink(layout.file.c_str());
}

}  // namespace proxystore::mpi::detail
