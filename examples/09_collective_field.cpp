// A field on a grid that N ranks make together, each its block, and that M ranks analyse by slabs, each reading what it
// needs. Where the elements lie is one option, here the program's argument:
//     mpirun -n 4 09_collective_field                 in the producers' memory
//     mpirun -n 4 09_collective_field /scratch/run7   in one HDF5 file, written by all
#include <proxystore/mpi/mpi.hpp>
#include <proxystore/proxystore.hpp>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <numbers>
#include <string>

using namespace proxystore;

constexpr std::size_t nx = 48, ny = 30, nz = 20, ghosts = 1;

double wave(std::size_t i) { return std::sin(2 * std::numbers::pi * static_cast<double>(i) / nx); }
double analytic(std::size_t x, std::size_t y, std::size_t z) { return wave(x) + 0.5 * static_cast<double>(y * z); }

struct Part {
  std::size_t begin, size;
};
Part part_of(std::size_t n, int parts, int i) {  // as even as it goes
  auto const at = [&](int j) { return n * static_cast<std::size_t>(j) / static_cast<std::size_t>(parts); };
  return {at(i), at(i + 1) - at(i)};
}

/// A column of the grid in x and y, with ghost layers around it, as a stencil code holds it. Collective.
void simulate(Store& store, mpi::CollectiveFuture<double> const& field) {
  int rank = 0, size = 0, dims[2] = {0, 0};
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  MPI_Dims_create(size, 2, dims);
  auto const x = part_of(nx, dims[0], rank / dims[1]), y = part_of(ny, dims[1], rank % dims[1]);

  auto block = store.allocate<double>({x.size + 2 * ghosts, y.size + 2 * ghosts, nz});
  for (auto& cell : block) cell = -1e30;  // what is in the ghost layers is nobody's business
  for (std::size_t i = 0; i < x.size; ++i)
    for (std::size_t j = 0; j < y.size; ++j)
      for (std::size_t k = 0; k < nz; ++k) block(i + ghosts, j + ghosts, k) = analytic(x.begin + i, y.begin + j, k);

  field.put(MPI_COMM_WORLD, std::move(block),
            {.global_shape = {nx, ny, nz},
             .offset = {x.begin, y.begin, 0},
             .interior = mpi::Box{.offset = {ghosts, ghosts, 0}, .shape = {x.size, y.size, nz}}});
}

/// The largest error of d/dx in a slab, which takes a plane more on each side: regions overlap.
double analyse(mpi::RegionProxy<double> const& field, Part slab) {
  std::size_t const first = slab.begin == 0 ? 0 : slab.begin - 1, last = std::min(slab.begin + slab.size + 1, nx);
  Array<double> const mine = field.region({first, 0, 0}, {last - first, ny, nz});  // waits here, and only here

  double worst = 0;
  for (std::size_t i = 1; i + 1 < last - first; ++i)
    for (std::size_t j = 0; j < ny; ++j)
      for (std::size_t k = 0; k < nz; ++k) {
        double const right = wave(first + i + 1) - wave(first + i - 1);
        worst = std::max(worst, std::abs(mine(i + 1, j, k) - mine(i - 1, j, k) - right));
        worst = std::max(worst, std::abs(mine(i, j, k) - analytic(first + i, j, k)));
      }
  return worst;
}

int main(int argc, char** argv) {
  mpi::Scope mpi(argc, argv);
  std::string const directory = argc > 1 ? argv[1] : "";
  int rank = 0, size = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  double worst = 0;
  try {
    auto store = Store::open("field", mpi::rma(MPI_COMM_WORLD, {.capacity = std::size_t{64} << 20U}));

    // One rank makes the future, before there is any data, and tells the others: it is a value.
    mpi::CollectiveFuture<double> field;
    if (rank == 0) field = mpi::collective_future<double>(store, {.directory = directory, .name = "field"});
    field = mpi::broadcast(MPI_COMM_WORLD, 0, field);

    simulate(store, field);  // N: all ranks
    auto const proxy = field.proxy();
    int const readers = (size + 1) / 2;  // M: half of them, with another decomposition
    if (rank < readers) worst = analyse(proxy, part_of(nx, readers, rank));
    MPI_Allreduce(MPI_IN_PLACE, &worst, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
    if (rank == 0)
      std::cout << size << " ranks to " << readers << ", largest error " << worst << ' ' << proxy.file() << '\n';
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == 0) proxy.evict();
    store.close();
  } catch (Error const& error) {
    std::cerr << error.what() + std::string("\n");  // at once: ranks write side by side
    return 2;
  }
  return worst < 1e-12 ? 0 : 1;
}
