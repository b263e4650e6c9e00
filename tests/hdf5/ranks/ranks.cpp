// Ranks with an rma store and an hdf5 store in one program: MPI, and the one HDF5 that goes with it.
//     mpirun -n 2 hdf5_ranks
// The last rank sets a future in HDF5 whose reference came through the window. HDF5 is used once more after
// MPI_Finalize, which ends a parallel HDF5.
#include <proxystore/connectors/connectors.hpp>
#include <proxystore/mpi/mpi.hpp>
#include <proxystore/proxystore.hpp>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

namespace {

using namespace proxystore;

void expect(bool condition, char const* what) {
  if (condition) return;
  std::fprintf(stderr, "not true: %s\n", what);
  MPI_Abort(MPI_COMM_WORLD, 1);
}

/// One directory for all ranks of this run.
std::string shared_directory(int rank) {
  std::string name = (std::filesystem::temp_directory_path() / "proxystore-test-XXXXXX").string();
  if (rank == 0) expect(mkdtemp(name.data()) != nullptr, "a directory can be made");
  MPI_Bcast(name.data(), static_cast<int>(name.size()), MPI_CHAR, 0, MPI_COMM_WORLD);
  return name;
}

void hand_over(Store& window, Store& files, int rank, int size) {
  std::string text(64, '\0');
  if (rank == 0) {
    auto const future = files.future<Array<double>>();
    auto const reference = window.put(future).text();
    reference.copy(text.data(), text.size());
    MPI_Bcast(text.data(), static_cast<int>(text.size()), MPI_CHAR, 0, MPI_COMM_WORLD);
    expect(future.result(std::chrono::seconds(50))(1, 2) == 7.5, "rank 0 gets what the last rank has set");
    MPI_Barrier(MPI_COMM_WORLD);
    files.evict(future.key());
  } else {
    MPI_Bcast(text.data(), static_cast<int>(text.size()), MPI_CHAR, 0, MPI_COMM_WORLD);
    auto const future = window.get<Future<Array<double>>>(Key(text.c_str())).value();
    Array<double> array({200, 300});
    for (auto& element : array) element = 7.5;
    if (rank == size - 1) future.set_result(std::move(array));
    expect(future.result(std::chrono::seconds(50)).shape() == Shape{200, 300}, "all ranks get it");
    MPI_Barrier(MPI_COMM_WORLD);
  }
}

}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  int rank = 0, size = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  register_connectors();
  auto const directory = shared_directory(rank);
  auto files = Store::open("files", "hdf5:" + directory + "?checksum=yes");
  {
    auto window = Store::open("window", mpi::rma(MPI_COMM_WORLD));
    hand_over(window, files, rank, size);
  }
  auto const future = files.future<std::string>();
  MPI_Finalize();
  future.set_result("after MPI");
  bool const found = future.result() == "after MPI";
  files.evict(future.key());
  std::error_code not_the_last_rank;
  std::filesystem::remove(directory, not_the_last_rank);
  return found ? 0 : 1;
}
