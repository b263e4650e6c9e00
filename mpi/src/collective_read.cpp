#include <proxystore/mpi/detail/collective_core.hpp>

#include <unistd.h>
#include <algorithm>
#include <utility>
#include <vector>

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

/// What of a block meets a region.
struct Meeting {
  Piece const& piece;
  Box box;  ///< in the whole array
};

/// Where the meeting lies in its block.
Box inside_of(Meeting const& meeting) {
  Box inside{from(meeting.piece.box.offset, meeting.box.offset), meeting.box.shape};
  for (std::size_t axis = 0; axis < inside.offset.size(); ++axis) inside.offset[axis] += meeting.piece.inside[axis];
  return inside;
}

ObjectPart wanted_of(Layout const& layout, Meeting const& meeting) {
  auto const& block = meeting.piece.block;
  auto const dtype = dtype_of(layout);
  auto part = part_of(inside_of(meeting), block, dtype.size, npy::Prefix(dtype, block).size());
  part.key = meeting.piece.object;
  if (!part.fits()) throw CorruptObject("the description of a collective array has a block that is too large");
  return part;
}

/// The elements of what came: all of the block, or those of the meeting.
Bytes elements_of(StoreCore& store, Layout const& layout, Meeting const& meeting, std::optional<PartBytes> const& part,
                  std::size_t alignment) {
  auto const& piece = meeting.piece;
  if (!part)
    throw ObjectNotFound("block '" + piece.object.text() + "' of a collective array not found in store '" +
                         store.name() + "' (it may have been evicted while proxies still exist)");
  if (!part->whole)
    return npy::native({dtype_of(layout), false, false, meeting.box.shape, part->bytes}, dtype_of(layout), alignment);
  auto const parsed = npy::parse(part->bytes);
  if (parsed.shape != piece.block || parsed.fortran_order)
    throw CorruptObject("block '" + piece.object.text() + "' is not the array that was announced");
  return npy::native(parsed, dtype_of(layout), alignment);
}

void read_blocks(StoreCore& store, Layout const& layout, Box const& box, std::span<std::byte> out) {
  std::vector<Meeting> meetings;
  std::vector<ObjectPart> parts;
  std::size_t missing = volume(box);
  for (auto const& piece : layout.pieces) {
    require_sound(layout, piece);
    auto both = meet(piece.box, box);
    if (!both) continue;
    missing -= std::min(missing, volume(*both));
    parts.push_back(wanted_of(layout, meetings.emplace_back(Meeting{piece, *std::move(both)})));
  }
  if (missing != 0) throw CorruptObject("the description of a collective array leaves elements out");
  Shape const start(box.shape.size(), 0);
  store.get_parts(parts, [&](std::size_t i, std::optional<PartBytes> const& part) {
    auto const& meeting = meetings[i];
    auto const elements = elements_of(store, layout, meeting, part, 1);
    auto const& extent = meeting.box.shape;
    auto const target = from(box.offset, meeting.box.offset);
    if (part->whole)
      copy({elements.span(), meeting.piece.block, inside_of(meeting).offset, out, box.shape, target}, extent,
           dtype_of(layout).size);
    else copy({elements.span(), extent, start, out, box.shape, target}, extent, dtype_of(layout).size);
  });
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
    Meeting const meeting{piece, box};
    auto const inside = inside_of(meeting);
    if (!is_contiguous(inside, piece.block)) return std::nullopt;
    auto const part = wanted_of(layout, meeting);
    std::optional<Bytes> view;
    future.store().get_parts({&part, 1}, [&](std::size_t, std::optional<PartBytes> const& came) {
      view = elements_of(future.store(), layout, meeting, came, alignment);
      if (came->whole) view = view->slice(index_of(piece.block, inside.offset) * dtype_of(layout).size, part.size());
    });
    return view;
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
