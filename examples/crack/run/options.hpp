#pragma once

#include <cstdint>
#include <string>

namespace crack {

struct Options {
  std::string deck;
  std::string out = "crack-out";
  std::string store = "rma:";
  std::int64_t every = 100;
  int simulation_ranks = 0;  // 0: half of all
  bool keep = false;         // the frames stay in the store, for crack_again
  std::string help;          // not empty: print this and do nothing

  std::string log() const { return out + "/log.lammps"; }
  std::string frames() const { return out + "/frames"; }
  std::string saved() const { return out + "/run.proxystore"; }
};

std::string frame_file(std::int64_t step);
bool is_frame_file(std::string const& name);

// Throws std::runtime_error with one line.
Options parse_options(int argc, char** argv);

}  // namespace crack
