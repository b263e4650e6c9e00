// The RMA connector keeps the contract of all connectors: with a rank alone, and with all ranks in step.
#include "../contract/contract.hpp"

#include "world.hpp"

namespace contract {
namespace {

Case on(std::string name, MPI_Comm comm) {
  auto const large = world::large_object();
  // Two large objects, one more where a test copies, and the small ones.
  auto make = [=] { return mpi::rma(comm, {.capacity = 3 * large + 8 * world::MiB}); };
  return {std::move(name), std::move(make), large};
}

/// Evaluated by InitGoogleTest, when MPI is there.
Case a_case() { return world::size_of() == 1 ? on("self", MPI_COMM_SELF) : on("world", MPI_COMM_WORLD); }

}  // namespace

HOLD_TO_CONTRACT(Rma, testing::Values(a_case()));

}  // namespace contract
