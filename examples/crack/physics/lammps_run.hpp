#pragma once

#include "physics/deck.hpp"
#include "physics/frame.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include <mpi.h>

namespace crack {

// A LAMMPS instance on the ranks of a communicator. Every call is collective there unless it says otherwise;
// what fails inside LAMMPS is thrown as LammpsError with LAMMPS's own message, and then only the destructor may
// follow.
class LammpsRun {
 public:
  LammpsRun(MPI_Comm comm, std::string log);
  ~LammpsRun();
  LammpsRun(LammpsRun const&) = delete;
  LammpsRun& operator=(LammpsRun const&) = delete;

  void command(std::string const& text);

  // Local, not collective: the atoms that this rank owns, one row an atom (frame.hpp).
  std::size_t local_atoms() const;
  void copy_atoms(std::span<double> rows, std::string const& thermal_group) const;
  Box box() const;

 private:
  int group_bit(std::string const& name) const;

  void* handle_ = nullptr;
  std::string log_;
};

// Feeds the deck to LAMMPS. `on_frame(step)` is called in the state after set-up, and then every `every` steps;
// what it throws ends the run. A `run N` is done in pieces, `run n pre no post no`, so the trajectory is that
// of the deck.
void run_deck(LammpsRun& lammps, Deck const& deck, std::int64_t every,
              std::function<void(std::int64_t)> const& on_frame);

}  // namespace crack
