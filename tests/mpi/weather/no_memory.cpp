// What a store says whose shared memory fills up behind its back; weather/small_memory gives it a small /dev/shm.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include <proxystore/mpi/mpi.hpp>
#include <proxystore/proxystore.hpp>

using namespace proxystore;

namespace {

constexpr std::size_t MiB = std::size_t{1} << 20U;
constexpr char const* file_of_another = "/dev/shm/of-another";
int failures = 0, rank = 0;

void expect(bool condition, char const* what) {
  if (condition) return;
  std::fprintf(stderr, "[rank %d] not so: %s\n", rank, what);
  ++failures;
}

bool is_full(std::function<void()> const& call, char const* text) {
  try {
    call();
    return false;
  } catch (StoreFull const& error) {
    return std::string(error.what()).find(text) != std::string::npos;
  }
}

/// Somebody else takes all the memory that is left, on rank 0.
void take_all() {
  if (rank == 0) {
    int const file = ::open(file_of_another, O_CREAT | O_WRONLY, 0600);
    std::vector<char> const some(65536, 'x');
    while (::write(file, some.data(), some.size()) > 0) {
    }
    ::close(file);
  }
  MPI_Barrier(MPI_COMM_WORLD);
}
void give_back() {
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) ::unlink(file_of_another);
  MPI_Barrier(MPI_COMM_WORLD);
}

Store open(std::size_t capacity, bool prefault) {
  return Store::open("in a small place", mpi::rma(MPI_COMM_WORLD, {.capacity = capacity, .prefault = prefault}));
}

/// Until it is full; how many bytes went in.
std::size_t fill(Store& store) {
  std::size_t bytes = 0;
  try {
    for (;; bytes += MiB) store.put(std::string(MiB, 'x'));
  } catch (StoreFull const&) {
    return bytes;
  }
}

}  // namespace

int main(int argc, char** argv) {
  mpi::Scope const scope(argc, argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  for (bool const prefault : {false, true})
    expect(is_full([&] { open(64 * MiB, prefault); }, "/dev/shm"), "more than there is cannot be opened");

  {
    auto store = open(16 * MiB, false);
    auto const future = store.future<std::string>();
    take_all();
    auto const first = fill(store);
    expect(first < 10 * MiB, "memory that another took is not there");
    expect(is_full([&] { future.set_result(std::string(2 * MiB, 'y')); }, "no room"), "a setter is told");
    expect(!future.done(), "its future stays unset");
    give_back();
    expect(fill(store) > 2 * MiB, "memory that was given back is");
  }
  {
    auto store = open(16 * MiB, true);
    take_all();
    expect(fill(store) > 10 * MiB, "what was committed at opening cannot be taken");
    give_back();
  }
  {
    take_all();
    expect(is_full([&] { open(4 * MiB, true); }, "/dev/shm"), "all ranks hear that there is none");
    give_back();
  }
  return failures == 0 ? 0 : 1;
}
