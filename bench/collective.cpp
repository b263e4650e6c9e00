// What a collective array costs, beside what a program does by hand (raw/collective.hpp), in the same run:
//     mpirun -n 4 bench_collective              64 MiB from one decomposition to another, in memory
//     mpirun -n 4 bench_collective DIRECTORY    256 MiB into one HDF5 file there
// Medians of
// what the slowest rank takes, from blocks that are there to regions that are, or to a file that is closed.
#include <proxystore/mpi/mpi.hpp>
#include <proxystore/proxystore.hpp>

#include <unistd.h>
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "raw/collective.hpp"

using namespace proxystore;
using Clock = std::chrono::steady_clock;

namespace {

int rank = 0, size = 0;

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

/// Collective: of the slowest rank.
double milliseconds(std::function<void()> const& work) {
  MPI_Barrier(MPI_COMM_WORLD);
  auto const start = Clock::now();
  work();
  double time = std::chrono::duration<double, std::milli>(Clock::now() - start).count();
  MPI_Allreduce(MPI_IN_PLACE, &time, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
  return time;
}

void line(char const* what, std::vector<double> const& raw, std::vector<double> const& ours) {
  if (rank == 0)
    std::printf("%-40s %9.1f ms %9.1f ms %7.2f\n", what, median(raw), median(ours), median(ours) / median(raw));
}

using Shape3 = std::array<std::size_t, 3>;
Shape to_shape(Shape3 const& shape) { return {shape.begin(), shape.end()}; }

/// Cut into as many parts as ranks on one axis.
std::vector<raw::Box> slabs(Shape3 const& shape, std::size_t axis) {
  std::vector<raw::Box> all;
  auto const n = static_cast<std::size_t>(size);
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

/// False if the elements of the box are not those that fill() has put.
bool is_filled(double const* block, raw::Box const& box, Shape3 const& shape) {
  std::vector<double> expected(box.volume());
  fill(expected.data(), box, shape);
  return std::equal(expected.begin(), expected.end(), block);
}

bool redistribute(Store& store, char const* what, std::size_t to_axis) {
  constexpr int rounds = 41;
  Shape3 const shape{128, 256, 256};
  auto const from = slabs(shape, 0), to = slabs(shape, to_axis);
  auto const& mine = from[static_cast<std::size_t>(rank)];
  auto const& wanted = to[static_cast<std::size_t>(rank)];
  raw::Redistribution by_hand(MPI_COMM_WORLD, from, to);
  std::vector<double> block(mine.volume()), region(wanted.volume()), raw_times, times;
  fill(block.data(), mine, shape);
  bool right = true;
  for (int round = 0; round < rounds; ++round) {
    raw_times.push_back(milliseconds([&] { by_hand.run(block.data(), region.data()); }));
    right &= is_filled(region.data(), wanted, shape);

    auto array = store.allocate<double>(to_shape(mine.shape));
    fill(array.data(), mine, shape);
    mpi::RegionProxy<double> field;
    Array<double> part;
    times.push_back(milliseconds([&] {
      field = mpi::collective_put(store, MPI_COMM_WORLD, std::move(array),
                                  {.global_shape = to_shape(shape), .offset = to_shape(mine.offset)});
      part = field.region(to_shape(wanted.offset), to_shape(wanted.shape));
    }));
    right &= is_filled(std::as_const(part).data(), wanted, shape);
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == 0) field.evict();
  }
  line(what, raw_times, times);
  return right;
}

void write(Store& store, std::string const& directory) {
  constexpr int rounds = 9;
  Shape3 const shape{512, 256, 256};
  int dims[2] = {0, 0};
  MPI_Dims_create(size, 2, dims);
  auto const x = static_cast<std::size_t>(rank / dims[1]), y = static_cast<std::size_t>(rank % dims[1]);
  auto const nx = static_cast<std::size_t>(dims[0]), ny = static_cast<std::size_t>(dims[1]);
  raw::Box mine{{shape[0] * x / nx, shape[1] * y / ny, 0}, shape};
  mine.shape[0] = shape[0] * (x + 1) / nx - mine.offset[0];
  mine.shape[1] = shape[1] * (y + 1) / ny - mine.offset[1];
  Array<double> block(to_shape(mine.shape));
  fill(block.data(), mine, shape);
  auto const path = directory + "/bare.h5";
  std::vector<double> raw_times, times;
  for (int round = 0; round < rounds; ++round) {
    raw_times.push_back(
        milliseconds([&] { raw::write_collectively(MPI_COMM_WORLD, path, shape, mine, std::as_const(block).data()); }));
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == 0) unlink(path.c_str());
    mpi::RegionProxy<double> field;
    times.push_back(milliseconds([&] {
      field = mpi::collective_put(store, MPI_COMM_WORLD, block,
                                  {.global_shape = to_shape(shape), .offset = to_shape(mine.offset)},
                                  {.directory = directory});
    }));
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == 0) field.evict();
  }
  line("256 MiB into one file, H5Dwrite", raw_times, times);
}

}  // namespace

int main(int argc, char** argv) {
  mpi::Scope mpi(argc, argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  auto store = Store::open("bench", mpi::rma(MPI_COMM_WORLD, {.capacity = std::size_t{200} << 20U}));
  if (rank == 0) std::printf("%d ranks%48s %12s %7s\n", size, "by hand", "collective", "ratio");
  bool right = true;
  if (argc > 1) write(store, argv[1]);
  else
    right = redistribute(store, "64 MiB by x to by y, MPI_Alltoallv", 1) &&
            redistribute(store, "64 MiB by x to by z, MPI_Alltoallv", 2);
  store.close();
  return right ? 0 : 1;
}
