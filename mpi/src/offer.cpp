#include "offer.hpp"

#include <utility>

#include <proxystore/error.hpp>

#include "box.hpp"

namespace proxystore::mpi::detail {
namespace {

std::string block_of(std::size_t rank) { return "the block of rank " + std::to_string(rank); }

std::string text_of(Shape const& index) {
  std::string text;
  for (auto const i : index) text += (text.empty() ? "" : ", ") + std::to_string(i);
  return "(" + text + ")";
}

void require_axes(Placement const& where) {
  auto const axes = where.global_shape.size();
  if (axes == 0 || axes > most_axes)
    throw InvalidArgument("an array of " + std::to_string(axes) + " axes cannot be put together (1 to 32 can)");
}

/// The interior of the block, and where it belongs.
Piece piece_of(Block const& block) {
  auto const& where = block.where;
  auto const axes = where.global_shape.size();
  auto const interior = where.interior.value_or(Box{Shape(block.shape.size(), 0), block.shape});
  if (!within(interior, block.shape))
    throw InvalidArgument("the interior " + to_string(interior) + " does not lie in its block of " +
                          to_string(block.shape));
  if (empty(interior)) return {{}, Shape(axes, 0), Shape(axes, 0), {Shape(axes, 0), Shape(axes, 0)}};
  Box const box{where.offset, interior.shape};
  if (!within(box, where.global_shape))
    throw InvalidArgument("a block of " + to_string(interior.shape) + " at " + text_of(where.offset) +
                          " does not lie in the array of " + to_string(where.global_shape));
  return {{}, block.shape, interior.offset, box};
}

void require_same_array(Offer const& first, Offer const& other, std::size_t rank) {
  auto const& a = first.array;
  auto const& b = other.array;
  auto const disagree = [&](std::string const& what) {
    throw InvalidArgument("rank 0 and rank " + std::to_string(rank) + " put parts of different arrays (" + what + ")");
  };
  if (first.future != other.future) disagree("their futures are not the same");
  if (a.shape != b.shape) disagree(to_string(a.shape) + " and " + to_string(b.shape));
  if (a.kind != b.kind || a.element_size != b.element_size) disagree("their elements have different types");
}

}  // namespace

Offer offer_of(Key const& future, FileOptions const& options, Block const& block) {
  require_axes(block.where);
  npy::count(block.where.global_shape, block.dtype.size);  // throws where it overflows
  Layout array{block.dtype.kind, block.dtype.size, block.where.global_shape, options.directory, options.name, {}};
  array.pieces.push_back(piece_of(block));
  return {future, std::move(array), {}};
}

void require_whole(std::vector<Offer> const& offers, std::size_t rank) {
  std::size_t elements = 0;
  for (std::size_t r = 0; r < offers.size(); ++r) {
    require_same_array(offers.front(), offers[r], r);
    elements += volume(offers[r].piece().box);
  }
  for (std::size_t r = rank + 1; r < offers.size(); ++r)
    if (auto const both = meet(offers[rank].piece().box, offers[r].piece().box))
      throw InvalidArgument(block_of(rank) + " and that of rank " + std::to_string(r) + " overlap in " +
                            to_string(*both));
  auto const& array = offers.front().array;
  auto const wanted = npy::count(array.shape, array.element_size);
  if (elements != wanted)
    throw InvalidArgument("the blocks of all ranks have " + std::to_string(elements) + " elements, the array of " +
                          to_string(array.shape) + " has " + std::to_string(wanted) +
                          " (each has to be put by one rank)");
}

Layout layout_of(std::vector<Offer> const& offers) {
  Layout layout = offers.front().array;
  layout.pieces.clear();
  for (auto const& offer : offers)
    if (layout.file.empty() && !empty(offer.piece().box)) layout.pieces.push_back(offer.piece());
  return layout;
}

}  // namespace proxystore::mpi::detail
