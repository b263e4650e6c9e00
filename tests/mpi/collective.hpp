/// Blocks that ranks put together, and arrays that come of it.
#pragma once

#include "../boxes/cuts.hpp"
#include "world.hpp"

#include <cstdlib>
#include <filesystem>

namespace world {

using namespace cuts;

/// A block with ghost layers of other numbers around its interior, and where it belongs.
struct GhostedBlock {
  Array<Cell> array;
  mpi::Placement where;
};

/// In memory of `memory`; up to two layers on each side, if any.
inline GhostedBlock block_of(Shape const& shape, Box const& part, Cell salt, bool ghosts, Random& random,
                             Allocator& memory = heap()) {
  Shape before(shape.size(), 0), whole = part.shape;
  for (std::size_t axis = 0; ghosts && axis < shape.size(); ++axis) {
    before[axis] = below(3, random);
    whole[axis] += before[axis] + below(3, random);
  }
  Array<Cell> array(whole, memory);
  std::fill(array.begin(), array.end(), Cell{-1});
  for_each_index(part.shape, [&](Shape const& index) {
    array[static_cast<std::size_t>(cell_of(whole, sum(before, index), 0))] =
        cell_of(shape, sum(part.offset, index), salt);
  });
  mpi::Placement where{.global_shape = shape, .offset = part.offset};
  if (ghosts) where.interior = Box{before, part.shape};
  return {std::move(array), std::move(where)};
}

/// How many cells of a region are not what they should be.
inline std::size_t wrong_cells(Array<Cell> const& region, Shape const& shape, Shape const& offset, Cell salt) {
  std::size_t wrong = 0, at = 0;
  for_each_index(region.shape(), [&](Shape const& index) {
    wrong += std::as_const(region)[at++] == cell_of(shape, sum(offset, index), salt) ? 0 : 1;
  });
  return wrong;
}

/// The first `count` ranks as a communicator; MPI_COMM_NULL for the others. Collective over all.
class First {
 public:
  explicit First(int count) {
    MPI_Comm_split(MPI_COMM_WORLD, rank_in() < count ? 0 : MPI_UNDEFINED, rank_in(), &comm_);
    if (comm_ != MPI_COMM_NULL) MPI_Comm_set_errhandler(comm_, MPI_ERRORS_RETURN);
  }
  ~First() {
    if (comm_ != MPI_COMM_NULL) MPI_Comm_free(&comm_);
  }
  First(First const&) = delete;
  First& operator=(First const&) = delete;
  bool has_me() const noexcept { return comm_ != MPI_COMM_NULL; }
  operator MPI_Comm() const noexcept { return comm_; }

 private:
  MPI_Comm comm_ = MPI_COMM_NULL;
};

enum class Medium { memory, file };
inline std::string name_of(testing::TestParamInfo<Medium> const& medium) {
  return medium.param == Medium::memory ? "InMemory" : "InAFile";
}

/// Tests that are the same for both media: only the option differs.
class Collective : public RanksWithStore, public testing::WithParamInterface<Medium> {
 protected:
  void SetUp() override {
    if (GetParam() == Medium::memory) return;
#ifdef PROXYSTORE_HAVE_H5
    auto pattern = (std::filesystem::temp_directory_path() / "collective-XXXXXX").string();
    options.directory = share(rank == 0 ? std::string(mkdtemp(pattern.data())) : std::string(), 0);
#else
    GTEST_SKIP() << "built without HDF5: there are no files";
#endif
  }
  void TearDown() override {
    meet();
    if (rank == 0 && !options.directory.empty()) std::filesystem::remove_all(options.directory);
    RanksWithStore::TearDown();
  }

  /// Files in the directory of this test; none where there is none.
  std::size_t files() const {
    if (options.directory.empty()) return 0;
    std::filesystem::directory_iterator const all(options.directory);
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
  }

  /// The same future on all ranks, made by `maker`.
  template <class T>
  mpi::CollectiveFuture<T> future(int maker = 0) {
    return share(rank == maker ? mpi::collective_future<T>(store, options) : mpi::CollectiveFuture<T>(), maker);
  }

  /// Puts an array of a row of four cells for each rank. Collective; what this rank has put.
  GhostedBlock put_rows(mpi::CollectiveFuture<Cell> const& made, Cell salt) const {
    Random random(1);
    Shape const shape{static_cast<std::size_t>(size), 4};
    auto row = block_of(shape, Box{{static_cast<std::size_t>(rank), 0}, {1, 4}}, salt, false, random);
    made.put(MPI_COMM_WORLD, row.array, row.where);
    return row;
  }
  static Array<Cell> row_of(mpi::RegionProxy<Cell> const& proxy, int rank) {
    return proxy.region({static_cast<std::size_t>(rank), 0}, {1, 4}, patience);
  }

  mpi::CollectiveOptions options;
};

}  // namespace world
