// Two ranks hand objects to each other over a file system with an NFS client's caches (client.c, preloaded).
//     test_mpi_parallel_file_caches OPTIONS [broken]
// With `broken` it must come out that the promise of OPTIONS is too much for that file system.
#include <mpi.h>

#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include <proxystore/mpi/mpi.hpp>
#include <proxystore/proxystore.hpp>

#include "../../contract/filling.hpp"
#include "../shared_directory.hpp"

using namespace proxystore;
using namespace std::chrono_literals;

namespace {

/// Each of the keys in turn is set by one of them and received by the other at once. How many were not right.
int hand_over(DeferrableConnector& connector, int rank, int rounds) {
  int wrong = 0;
  for (int round = 0; round < rounds; ++round) {
    char text[80] = {};
    if (rank == 0) connector.new_key({}).text().copy(text, sizeof text - 1);
    MPI_Bcast(text, sizeof text, MPI_CHAR, 0, MPI_COMM_WORLD);
    Key const key(text);
    auto const bytes = static_cast<std::size_t>(round % 5 == 4 ? 700'000 : round * 37);
    auto const seed = static_cast<std::uint64_t>(round);
    if (round % 2 == rank) {
      connector.set(key, contract::filled(bytes, seed));
    } else {
      try {
        auto const object = connector.receive(key, 20s).object;
        if (!object || object->size() != bytes || !contract::is_filled(object->span(), seed)) ++wrong;
      } catch (CorruptObject const&) {
        ++wrong;
      }
      if (round % 7 == 0) connector.evict(key);
    }
  }
  return wrong;
}

}  // namespace

int main(int argc, char** argv) {
  mpi::Scope const mpi(argc, argv);
  std::string const options = argc > 1 ? argv[1] : "", expected = argc > 2 ? argv[2] : "";
  int rank = 0, wrong = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  {
    world::SharedDirectory const directory;
    auto const connector = mpi::connect(MPI_COMM_WORLD, "parallel-file:" + (directory / "store") + options);
    wrong = hand_over(*connector->deferrable(), rank, 100);
    if (rank == 0) std::fputs(connector->report().c_str(), stdout);
    connector->close();
  }
  MPI_Allreduce(MPI_IN_PLACE, &wrong, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  if (rank == 0) std::printf("%d of 100 objects were not right\n", wrong);
  return (wrong != 0) == (expected == "broken") ? 0 : 1;
}
