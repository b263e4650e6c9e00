#pragma once

#include "board.hpp"
#include "physics/deck.hpp"
#include "run/options.hpp"
#include "run/progress.hpp"
#include "run/recorder.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <mpi.h>
#include <proxystore/proxystore.hpp>

namespace crack {

// What every rank knows before the first step.
struct Job {
  MPI_Comm comm = MPI_COMM_NULL;
  int rank = 0;
  Options options;
  Deck deck;
  std::vector<std::int64_t> steps;  // of the frames
  Layout layout;

  bool simulates() const { return rank < layout.simulation_ranks; }
};

// What every rank holds during the run.
struct Run {
  proxystore::Store& store;
  Futures futures;  // to make
  Proxies proxies;  // to use; apart from the futures, so that what a proxy lets go is free
  Recorder recorder;
  std::optional<Progress> progress;  // on rank 0
  std::size_t collected = 0;         // findings that rank 0 has taken out of the store
};

// The part of a simulation rank. Collective on `simulation_comm`. When it fails, the frames that are not out yet
// fail with the reason, so that nobody waits for them.
void simulate(Job const& job, Run& run, MPI_Comm simulation_comm);

// The part of an analysis rank: its frames, one after the other, each as soon as its blocks are there.
void analyse(Job const& job, Run& run);

// Rank 0, after its simulation: gathers what the analysis found, writes the files, compares with LAMMPS, tells.
void report(Job const& job, Run& run);

// Rank 0: tells how far the run is, without waiting for anybody.
void show_progress(Run& run, std::int64_t step);

}  // namespace crack
