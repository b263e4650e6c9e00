// The parallel-file connector keeps the contract of all connectors, however the directory is read and written: with a
// rank alone, and with all ranks in step.
#include "../../contract/contract.hpp"

#include "../shared_directory.hpp"
#include "../world.hpp"

namespace contract {
namespace {

using mpi::ParallelFileOptions;

MPI_Comm comm() { return world::size_of() == 1 ? MPI_COMM_SELF : MPI_COMM_WORLD; }

/// All connectors of this program in one directory: none knows of another.
Case with(std::string name, ParallelFileOptions options) {
  auto make = [options]() mutable {
    static world::SharedDirectory const directory(comm());
    options.directory = directory / "store";
    options.control.capacity = 8 * world::MiB;
    return mpi::parallel_file(comm(), options);
  };
  return {std::move(name), std::move(make), 10'000'000};
}

/// Evaluated by InitGoogleTest, when MPI is there.
std::vector<Case> cases() {
  std::vector<Case> cases{with("mapped", {}),
                          with("close_to_open", {.consistency = ParallelFileOptions::Consistency::close_to_open})};
  if (world::size_of() > 1) return cases;
  cases.push_back(with("fsync", {.fsync = true}));
  cases.push_back(with("small_segments", {.segment = 100'000}));
  return cases;
}

}  // namespace

HOLD_TO_CONTRACT(ParallelFile, testing::ValuesIn(cases()));

}  // namespace contract
