// What a collective array takes, beside what a program does by hand (raw/collective.hpp):
//     mpirun -n 4 bench_collective [DIRECTORY]     default, for the HDF5 file: the temporary directory
// What the slowest rank takes, from blocks that are there to regions that are, or to a file that is closed.
#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "mpi.hpp"
#include "raw/collective.hpp"

using namespace proxystore;

namespace {

using Shape3 = std::array<std::size_t, 3>;
Shape to_shape(Shape3 const& shape) { return {shape.begin(), shape.end()}; }

/// Cut into as many parts as ranks on one axis.
std::vector<raw::Box> slabs(Shape3 const& shape, std::size_t axis) {
  std::vector<raw::Box> all;
  auto const n = static_cast<std::size_t>(bench::ranks());
  for (std::size_t i = 0; i < n; ++i) {
    raw::Box box{{0, 0, 0}, shape};
    box.offset[axis] = shape[axis] * i / n;
    box.shape[axis] = shape[axis] * (i + 1) / n - box.offset[axis];
    all.push_back(box);
  }
  return all;
}

void fill(double* block, raw::Box const& box, Shape3 const& shape) {
  for (std::size_t i = 0; i < box.shape[0]; ++i)
    for (std::size_t j = 0; j < box.shape[1]; ++j)
      for (std::size_t k = 0; k < box.shape[2]; ++k)
        *block++ =
            static_cast<double>(((box.offset[0] + i) * shape[1] + box.offset[1] + j) * shape[2] + box.offset[2] + k);
}

/// Ends the program if the elements of the box are not those that fill() has put.
void require_filled(double const* block, raw::Box const& box, Shape3 const& shape) {
  std::vector<double> expected(box.volume());
  fill(expected.data(), box, shape);
  bench::require(std::equal(expected.begin(), expected.end(), block), "a region has the wrong elements");
}

void redistribute(bench::Program& program, Store& store, std::string const& name, std::size_t to_axis) {
  Shape3 const shape{128, 256, 256};
  auto const from = slabs(shape, 0), to = slabs(shape, to_axis);
  auto const mine = from[static_cast<std::size_t>(bench::rank())], wanted = to[static_cast<std::size_t>(bench::rank())];
  struct State {
    raw::Redistribution by_hand;
    std::vector<double> block, region;
    Array<double> array = {}, part = {};
    mpi::RegionProxy<double> field = {};
  };
  auto const all =
      std::make_shared<State>(State{raw::Redistribution(MPI_COMM_WORLD, from, to), std::vector<double>(mine.volume()),
                                    std::vector<double>(wanted.volume())});
  fill(all->block.data(), mine, shape);
  bench::Way const ours{.run = {[=, &store] {
                          all->field =
                              mpi::collective_put(store, MPI_COMM_WORLD, std::move(all->array),
                                                  {.global_shape = to_shape(shape), .offset = to_shape(mine.offset)});
                          all->part = all->field.region(to_shape(wanted.offset), to_shape(wanted.shape));
                        }},
                        .prepare =
                            [=, &store] {
                              all->array = store.allocate<double>(to_shape(mine.shape));
                              fill(all->array.data(), mine, shape);
                            },
                        .clean =
                            [=] {
                              require_filled(std::as_const(all->part).data(), wanted, shape);
                              all->part = {};
                              MPI_Barrier(MPI_COMM_WORLD);
                              if (bench::rank() == 0) all->field.evict();
                            }};
  program.add({.name = name,
               .ours = ours,
               .twin = {.run = {[=] { all->by_hand.run(all->block.data(), all->region.data()); }},
                        .clean = [=] { require_filled(all->region.data(), wanted, shape); }},
               .unit = "ms",
               .aim = bench::ratio(1.1),
               .repetitions = 31});
}

/// A block of each rank of an array cut on two axes.
raw::Box block_of(int rank, Shape3 const& shape) {
  int dims[2] = {0, 0};
  MPI_Dims_create(bench::ranks(), 2, dims);
  auto const x = static_cast<std::size_t>(rank / dims[1]), y = static_cast<std::size_t>(rank % dims[1]);
  auto const nx = static_cast<std::size_t>(dims[0]), ny = static_cast<std::size_t>(dims[1]);
  raw::Box box{{shape[0] * x / nx, shape[1] * y / ny, 0}, shape};
  box.shape[0] = shape[0] * (x + 1) / nx - box.offset[0];
  box.shape[1] = shape[1] * (y + 1) / ny - box.offset[1];
  return box;
}

void write(bench::Program& program, Store& store, std::string const& directory) {
  Shape3 const shape{128, 256, 256};
  auto const mine = block_of(bench::rank(), shape);
  struct State {
    Array<double> block;
    mpi::RegionProxy<double> field = {};
  };
  auto const all = std::make_shared<State>(State{Array<double>(to_shape(mine.shape))});
  fill(all->block.data(), mine, shape);
  auto const path = directory + "/bare.h5";
  program.add({.name = "64 MiB of all ranks into one HDF5 file",
               .ours = {.run = {[=, &store] {
                          all->field =
                              mpi::collective_put(store, MPI_COMM_WORLD, all->block,
                                                  {.global_shape = to_shape(shape), .offset = to_shape(mine.offset)},
                                                  {.directory = directory});
                        }},
                        .clean =
                            [=] {
                              if (bench::rank() == 0) all->field.evict();
                            }},
               .twin = {.run = {[=] {
                          raw::write_collectively(MPI_COMM_WORLD, path, shape, mine, std::as_const(all->block).data());
                        }},
                        .clean =
                            [=] {
                              if (bench::rank() == 0) std::filesystem::remove(path);
                            }},
               .unit = "ms",
               .aim = bench::ratio(1.05),
               .repetitions = 15});
}

}  // namespace

int main(int argc, char** argv) {
  mpi::Scope mpi(argc, argv);
  bench::Program program("collective", argc, argv, bench::world());
  auto store = Store::open("bench", mpi::rma(MPI_COMM_WORLD, {.capacity = std::size_t{100} << 20U}));
  redistribute(program, store, "64 MiB cut by x, then by y, beside MPI_Alltoallv", 1);
  redistribute(program, store, "64 MiB cut by x, then by z, beside MPI_Alltoallv", 2);
  write(program, store, argc > 1 ? argv[1] : std::filesystem::temp_directory_path().string());
  return program.run();
}
