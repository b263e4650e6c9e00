// Opening and closing leaves nothing behind; a slab is committed as it is used, or at once.
#include <filesystem>
#include <fstream>

#include "world.hpp"

namespace {

using namespace world;
using Leaks = Ranks;

std::size_t open_files() {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}));
}

std::size_t mappings() {
  std::ifstream maps("/proc/self/maps");
  std::size_t count = 0;
  for (std::string line; std::getline(maps, line);) ++count;
  return count;
}

/// Bytes of this process that are in memory.
std::size_t resident() {
  std::ifstream statm("/proc/self/statm");
  std::size_t pages = 0;
  statm >> pages >> pages;
  return pages * 4096;
}

/// How far MPI has counted its communicators.
int communicators() {
  MPI_Comm fresh = MPI_COMM_NULL;
  MPI_Comm_dup(MPI_COMM_SELF, &fresh);
  int const number = MPI_Comm_c2f(fresh);
  MPI_Comm_free(&fresh);
  return number;
}

void open_and_close(std::size_t times) {
  for (std::size_t i = 0; i < times; ++i) {
    auto store = Store::open("short", mpi::rma(MPI_COMM_WORLD, {.capacity = 2 * MiB}));
    auto const future = store.future<std::string>();
    future.set_result(std::string(1000, 'x'));
    EXPECT_EQ(future.result().size(), 1000U);
  }
}

}  // namespace

TEST_F(Leaks, NothingOverManyOpensAndCloses) {
  open_and_close(20);
  auto const files = open_files(), maps = mappings();
  auto const memory = resident();
  auto const number = communicators();
  open_and_close(300);
  EXPECT_LE(open_files(), files + 5);
  EXPECT_LE(mappings(), maps + 20);
  EXPECT_LE(resident(), memory + 20 * MiB);
  EXPECT_LE(std::abs(communicators() - number), 50);
}

TEST_F(Leaks, NoMemoryIsTakenBeforeItIsUsedUnlessAsked) {
  constexpr std::size_t capacity = 64 * MiB;
  auto const before = resident();
  {
    auto const lazy = mpi::rma(MPI_COMM_WORLD, {.capacity = capacity});
    EXPECT_LT(resident(), before + capacity / 4);
  }
  auto const eager = mpi::rma(MPI_COMM_WORLD, {.capacity = capacity, .prefault = true});
  EXPECT_GE(resident(), before + capacity);
}
