// What a hand-off between two ranks of one node costs, beside what it replaces, in the same run:
//     mpirun -n 2 bench_handoff
// Medians; a hand-off is half a round trip, its consumer waits already. Futures are made before, evicted after.
#include <proxystore/mpi/mpi.hpp>
#include <proxystore/proxystore.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <functional>
#include <string>
#include <thread>
#include <vector>

using namespace proxystore;
using Clock = std::chrono::steady_clock;

namespace {

constexpr int batches = 101, round_trips = 200, large_rounds = 15;
constexpr std::size_t large_bytes = std::size_t{64} << 20U;
constexpr auto asleep_for = std::chrono::seconds(5);

int rank = 0;

double nanoseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::nano>(Clock::now() - start).count();
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

template <class T>
std::vector<Future<T>> shared_futures(Store& store, int count) {  // collective
  std::vector<Future<T>> made;
  for (int i = 0; rank == 0 && i < count; ++i) made.push_back(store.future<T>());
  Bytes const bytes = rank == 0 ? serialize(made) : Bytes();
  std::uint64_t size = bytes.size();
  MPI_Bcast(&size, 1, MPI_UINT64_T, 0, MPI_COMM_WORLD);
  Buffer message(size);
  if (rank == 0) std::memcpy(message.data(), bytes.data(), size);
  MPI_Bcast(message.data(), static_cast<int>(size), MPI_BYTE, 0, MPI_COMM_WORLD);
  return rank == 0 ? made : deserialize<std::vector<Future<T>>>(std::move(message).freeze());
}

/// A way to hand 8 bytes there and back. Each prepares a batch of round trips, then runs it.
struct Way {
  std::string name;
  std::function<void()> prepare, run, clean;
  std::vector<double> one_way{};  // nanoseconds
};

class Flags {  // a word for each rank, alone in its line, in a shared window
 public:
  Flags() {
    MPI_Win_allocate_shared(rank == 0 ? 256 : 0, 1, MPI_INFO_NULL, MPI_COMM_WORLD, &memory_, &window_);
    MPI_Aint size = 0;
    int unit = 0;
    MPI_Win_shared_query(window_, 0, &size, &unit, &memory_);
    if (rank == 0) std::memset(memory_, 0, 256);
    MPI_Barrier(MPI_COMM_WORLD);
  }
  ~Flags() { MPI_Win_free(&window_); }
  Flags(Flags const&) = delete;
  Flags& operator=(Flags const&) = delete;

  void bounce() {
    for (int i = 0; i < round_trips; ++i) {
      ++turn_;
      if (rank == 0) word(0).store(turn_, std::memory_order_release);
      while (word(1 - rank).load(std::memory_order_acquire) != turn_) {
      }
      if (rank == 1) word(1).store(turn_, std::memory_order_release);
    }
  }

 private:
  std::atomic<std::uint64_t>& word(int of) const {
    return *reinterpret_cast<std::atomic<std::uint64_t>*>(static_cast<char*>(memory_) + 128 * of);
  }
  MPI_Win window_ = MPI_WIN_NULL;
  void* memory_ = nullptr;
  std::uint64_t turn_ = 0;
};

void bounce_messages() {
  std::int64_t value = 1;
  for (int i = 0; i < round_trips; ++i) {
    if (rank == 0) MPI_Send(&value, 1, MPI_INT64_T, 1, 0, MPI_COMM_WORLD);
    MPI_Recv(&value, 1, MPI_INT64_T, 1 - rank, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    if (rank == 1) MPI_Send(&value, 1, MPI_INT64_T, 0, 0, MPI_COMM_WORLD);
  }
}

class Futures {
 public:
  explicit Futures(Store& store) : store_(store) {}
  void prepare() {
    there_ = shared_futures<std::int64_t>(store_, round_trips);
    back_ = shared_futures<std::int64_t>(store_, round_trips);
  }
  void bounce() {
    for (std::size_t i = 0; i < round_trips; ++i) {
      if (rank == 0) there_[i].set_result(1);
      (rank == 0 ? back_ : there_)[i].result();
      if (rank == 1) back_[i].set_result(1);
    }
  }
  void clean() {
    for (std::size_t i = 0; rank == 0 && i < round_trips; ++i) {
      store_.evict(there_[i].key());
      store_.evict(back_[i].key());
    }
  }

 private:
  Store& store_;
  std::vector<Future<std::int64_t>> there_, back_;
};

void small(Store& store) {
  Flags flags;
  Futures futures(store);
  std::vector<Way> ways{{"flag in shared memory", [] {}, [&] { flags.bounce(); }, [] {}},
                        {"MPI_Send/MPI_Recv", [] {}, bounce_messages, [] {}},
                        {"future", [&] { futures.prepare(); }, [&] { futures.bounce(); }, [&] { futures.clean(); }}};
  for (int batch = 0; batch < batches; ++batch)
    for (auto& way : ways) {
      way.prepare();
      MPI_Barrier(MPI_COMM_WORLD);
      auto const start = Clock::now();
      way.run();
      way.one_way.push_back(nanoseconds_since(start) / (2 * round_trips));
      MPI_Barrier(MPI_COMM_WORLD);
      way.clean();
    }
  if (rank != 0) return;
  double const message = median(ways[1].one_way);
  std::printf("8 B to a consumer that waits     one way   beside Send/Recv\n");
  for (auto const& way : ways)
    std::printf("  %-25s %10.0f ns %10.2f\n", way.name.c_str(), median(way.one_way), median(way.one_way) / message);
}

double sum_of(double const* values, std::size_t count) {
  double sum = 0;
  for (std::size_t i = 0; i < count; ++i) sum += values[i];
  return sum;
}

/// Times until the other rank has the array, and until it has read all of it and said so.
void large(Store& store) {
  constexpr std::size_t count = large_bytes / sizeof(double);
  std::vector<double> message[2], future[2];  // [0]: handed over; [1]: and read
  std::vector<double> field(count, 1.0);
  for (int round = 0; round < large_rounds; ++round)
    for (std::size_t reads = 0; reads < 2; ++reads) {
      double sum = 0;
      MPI_Barrier(MPI_COMM_WORLD);
      auto start = Clock::now();
      if (rank == 0) {
        MPI_Send(field.data(), static_cast<int>(count), MPI_DOUBLE, 1, 0, MPI_COMM_WORLD);
        MPI_Recv(&sum, 1, MPI_DOUBLE, 1, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
      } else {
        MPI_Recv(field.data(), static_cast<int>(count), MPI_DOUBLE, 0, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        if (reads != 0) sum = sum_of(field.data(), count);
        MPI_Send(&sum, 1, MPI_DOUBLE, 0, 0, MPI_COMM_WORLD);
      }
      message[reads].push_back(nanoseconds_since(start));

      auto const there = shared_futures<Array<double>>(store, 1);
      auto const back = shared_futures<double>(store, 1);
      Array<double> array;
      if (rank == 0) {
        array = store.allocate<double>({count});
        std::fill(array.begin(), array.end(), 1.0);
      }
      MPI_Barrier(MPI_COMM_WORLD);
      start = Clock::now();
      if (rank == 0) {
        there[0].set_result(std::move(array));
        back[0].wait();
      } else {
        auto const& seen = there[0].result();
        back[0].set_result(reads != 0 ? sum_of(seen.data(), seen.size()) : seen[count - 1]);
      }
      future[reads].push_back(nanoseconds_since(start));
      MPI_Barrier(MPI_COMM_WORLD);
      if (rank == 0) store.evict(there[0].key());
      if (rank == 0) store.evict(back[0].key());
    }
  if (rank != 0) return;
  std::printf("64 MiB, there and 8 B back       Send/Recv       future   times faster\n");
  char const* const names[] = {"handed over", "handed over and read"};
  for (std::size_t reads = 0; reads < 2; ++reads) {
    double const sent = median(message[reads]), held = median(future[reads]);
    std::printf("  %-25s %10.1f us %10.1f us %10.1f\n", names[reads], sent / 1000, held / 1000, sent / held);
  }
}

double cpu_seconds() {
  std::timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

void asleep(Store& store) {
  auto const future = shared_futures<std::int64_t>(store, 1);
  double share = 0;
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) {
    std::this_thread::sleep_for(asleep_for);
    future[0].set_result(1);
  } else {
    double const before = cpu_seconds();
    auto const start = Clock::now();
    future[0].wait();
    share = 100 * (cpu_seconds() - before) / (nanoseconds_since(start) * 1e-9);
  }
  MPI_Bcast(&share, 1, MPI_DOUBLE, 1, MPI_COMM_WORLD);
  if (rank == 0)
    std::printf("a consumer that waits %d s keeps %.3f %% of a core busy\n", static_cast<int>(asleep_for.count()),
                share);
}

}  // namespace

int main(int argc, char** argv) {
  mpi::Scope mpi(argc, argv);
  int size = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  if (size != 2) {
    if (rank == 0) std::fprintf(stderr, "bench_handoff: two ranks are needed: mpirun -n 2 bench_handoff\n");
    return 2;
  }
  auto store = Store::open("bench", mpi::rma(MPI_COMM_WORLD, {.capacity = 4 * large_bytes}));
  small(store);
  large(store);
  asleep(store);
  return 0;
}
