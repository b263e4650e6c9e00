// Uses the MPI room of an installed proxystore: the last rank produces, all consume.
#include <iostream>
#include <string>

#include <proxystore/mpi/mpi.hpp>
#include <proxystore/proxystore.hpp>

int main(int argc, char** argv) {
  using namespace proxystore;
  mpi::Scope const mpi(argc, argv);
  int rank = 0;
  int size = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);

  auto store = Store::open("consumer", mpi::rma(MPI_COMM_WORLD));
  Key key;
  if (rank == size - 1) key = store.put(std::string("made by the last rank"));
  key = mpi::broadcast(MPI_COMM_WORLD, size - 1, key);

  auto const object = store.get<std::string>(key);
  if (object != "made by the last rank") {
    std::cerr << "rank " << rank << " got something else\n";
    return 1;
  }
  MPI_Barrier(MPI_COMM_WORLD);
  store.close();
  if (rank == 0) std::cout << "proxystore::mpi " PROXYSTORE_VERSION " works from outside\n";
}
