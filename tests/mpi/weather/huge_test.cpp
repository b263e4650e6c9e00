// An object larger than an int can count, on one node and pulled to another. Takes some 6 GiB of memory between two
// hosts, half of that on one: only with PROXYSTORE_TEST_HUGE set, and where there is room.
#include <cstdlib>
#include <fstream>

#include "../world.hpp"

namespace {

using namespace world;

constexpr std::size_t size_of_object = 2048 * MiB + 12'345;  // more than 2^31, and no multiple of anything

std::size_t available() {
  std::ifstream info("/proc/meminfo");
  std::string word;
  std::size_t kibibytes = 0;
  while (info >> word && word != "MemAvailable:") {
  }
  info >> kibibytes;
  return kibibytes << 10U;
}

std::size_t free_shared_memory() {
  struct statvfs shared {};
  return statvfs("/dev/shm", &shared) == 0 ? static_cast<std::size_t>(shared.f_bavail) * shared.f_frsize : 0;
}

class Huge : public Ranks {
 protected:
  /// Empty if it can be done, on all ranks alike.
  std::string why_not(std::size_t memory) {
    if (!std::getenv("PROXYSTORE_TEST_HUGE")) return "PROXYSTORE_TEST_HUGE is not set";
    bool const room = available() > memory + 1024 * MiB && free_shared_memory() > size_of_object + 256 * MiB;
    auto const all = gather(room);
    return std::find(all.begin(), all.end(), false) == all.end() ? "" : "this machine has no room for it";
  }
};

}  // namespace

TEST_F(Huge, ObjectsOfMoreThanAnIntAreHandedOver) {
  if (auto const why = why_not(3 * size_of_object); !why.empty()) GTEST_SKIP() << why;
  // Only who makes it has the memory for it: on another node it is read into memory of the process.
  auto store = Store::open(
      "huge", mpi::rma(MPI_COMM_WORLD, {.capacity = rank == 0 ? size_of_object + 64 * MiB : 4 * MiB}));
  auto const future = share(store.future<Array<std::byte>>(), 0);
  if (rank == 0) {
    auto array = store.allocate<std::byte>({size_of_object});
    for (std::size_t at = 0; at < size_of_object; at += 4096) array.span()[at] = std::byte(at >> 12U);
    array.span().back() = std::byte(77);
    future.set_result(std::move(array));
  }
  auto const object = future.proxy();
  object.resolve(60s);
  ASSERT_EQ(object->size(), size_of_object);
  std::size_t wrong = 0;
  for (std::size_t at = 0; at + 1 < size_of_object; at += 4096) wrong += object->span()[at] != std::byte(at >> 12U);
  EXPECT_EQ(wrong, 0U);
  EXPECT_EQ(object->span().back(), std::byte(77));
  meet();
}
