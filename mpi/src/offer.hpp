#pragma once

#include <string>
#include <vector>

#include <proxystore/mpi/detail/layout.hpp>

namespace proxystore::mpi::detail {

/// What a rank tells the others of its part of a put.
struct Offer {
  Key future;           ///< which array
  Layout array;         ///< as this rank has it; of the pieces, its own alone
  std::string file_id;  ///< of the first rank: what tells this file from all others of its name

  template <class Archive>
  void serialize(Archive& archive) {
    archive(future, array, file_id);
  }
  Piece const& piece() const noexcept { return array.pieces.front(); }
};

/// The block as it shall lie in the array, without an object yet. Throws InvalidArgument for one that does not fit.
Offer offer_of(Key const& future, FileOptions const& options, Block const& block);

/// That they are parts of one array, do not overlap, and leave nothing out. Throws InvalidArgument. `rank` has the
/// share of comparing its own block.
void require_whole(std::vector<Offer> const& offers, std::size_t rank);

/// What consumers are told. REQUIRES: they are whole
Layout layout_of(std::vector<Offer> const& offers);

}  // namespace proxystore::mpi::detail
