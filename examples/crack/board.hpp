#pragma once

#include "physics/frame.hpp"
#include "physics/thermo.hpp"
#include "pictures/picture.hpp"
#include "pictures/png_file.hpp"
#include "run/recorder.hpp"

#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>
#include <vector>

#include <mpi.h>
#include <proxystore/proxystore.hpp>

namespace crack {

// The atoms of one simulation rank in one frame: {atoms, column::count}.
using Block = proxystore::Array<double>;

// What the analysis finds in one frame.
struct Finding {
  Thermo thermo;
  Image thumbnail;
  Png movie_picture;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(thermo.step, thermo.temperature, thermo.potential_energy);
    archive(thumbnail.width, thumbnail.height, thumbnail.pixels, movie_picture);
  }
};

// All that will be handed from rank to rank in a run, named before any of it exists: as futures for those who make it,
// as proxies for those who need it.
template <template <class> class Reference>
struct Board {
  Reference<Box> box;                                 // from rank 0, before the first frame
  std::vector<Reference<Block>> blocks;               // frame by frame, in it by simulation rank
  std::vector<Reference<Finding>> findings;           // by frame
  std::vector<Reference<std::vector<Event>>> events;  // by rank
  Reference<bool> finished;                           // from rank 0: the others need not stay

  template <class Archive>
  void serialize(Archive& archive) {
    archive(box, blocks, findings, events, finished);
  }
};

using Futures = Board<proxystore::Future>;
using Proxies = Board<proxystore::Proxy>;

// What a run leaves to a later program besides the frames in its store.
struct Saved {
  std::string store;  // the connector
  std::string deck;   // its text
  std::vector<std::int64_t> steps;
  int simulation_ranks = 0;
  proxystore::Proxy<Box> box;
  std::vector<proxystore::Proxy<Block>> blocks;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(store, deck, steps, simulation_ranks, box, blocks);
  }
};

// Who makes what.
struct Layout {
  int ranks = 0;
  int simulation_ranks = 0;
  std::size_t frames = 0;

  int analyst(std::size_t frame) const;
  std::size_t block(std::size_t frame, int simulation_rank) const;
};

// By rank 0, for all.
Futures make_futures(proxystore::Store& store, Layout const& layout);
Proxies proxies_of(Futures const& futures);

// Collective. `bytes` of rank 0, on every rank.
proxystore::Bytes broadcast(MPI_Comm comm, proxystore::Bytes const& bytes);

// Collective. What rank 0 made, futures or proxies, as references of its own on every rank.
template <class References>
References share(MPI_Comm comm, References const& made) {
  int rank = 0;
  MPI_Comm_rank(comm, &rank);
  return proxystore::deserialize<References>(
      broadcast(comm, rank == 0 ? proxystore::serialize(made) : proxystore::Bytes()));
}

// Ends a future that will not be set: its consumers get the reason, or, where there is no room even for that, an error.
template <class T>
void give_up(proxystore::Store& store, proxystore::Future<T> const& future, std::exception_ptr const& reason) noexcept {
  try {
    try {
      future.set_exception(reason);
    } catch (proxystore::StoreFull const&) {
      store.evict(future.key());
    }
  } catch (std::exception const&) {
    // It is set, or its store is gone; either way nobody waits for it.
  }
}

}  // namespace crack
