// A multi connector over rma keeps the contract of all connectors; large objects have no room in the memory of their
// rank and go into files.
#include "../contract/contract.hpp"

#include <filesystem>

#include <proxystore/connectors/connectors.hpp>

#include "world.hpp"

namespace contract {
namespace {

std::unique_ptr<Connector> spilling() {
  register_connectors();
  auto const directory = std::filesystem::temp_directory_path() / ("proxystore-multi-" + make_uuid_key().text());
  return mpi::connect(MPI_COMM_WORLD, "multi:?fast=rma:&fast.capacity=6MiB&fast.priority=1&slow=file://" +
                                          directory.string() + "&slow.clear=yes&spill=slow");
}

}  // namespace

HOLD_TO_CONTRACT(Multi, testing::Values(Case{"spilling", spilling, 20'000'000}));

}  // namespace contract
