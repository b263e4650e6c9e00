// What a hand-off between two nodes costs, beside MPI_Send/MPI_Recv in the same run:
//     mpirun -n 2 --map-by node bench_network     (with a third rank on a third node: also futures of a third rank)
// Medians. Rank 0 produces, rank 1 consumes, both rest in the library meanwhile. Send/Recv is measured when the store's
// thread has come to rest, with which a program shares MPI, and once more while that has only just been at work.
#include <proxystore/mpi/mpi.hpp>
#include <proxystore/proxystore.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <functional>
#include <string>
#include <thread>
#include <vector>

using namespace proxystore;
using Clock = std::chrono::steady_clock;

namespace {

constexpr int batches = 31, round_trips = 50, large_rounds = 9;
constexpr std::size_t large_bytes = std::size_t{64} << 20U;

int rank = 0, ranks = 0;

double microseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::micro>(Clock::now() - start).count();
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

template <class T>
using Futures = std::vector<Future<T>>;

/// Collective. Made by rank `maker`, for `producer` if it names one.
template <class T>
Futures<T> shared_futures(Store& store, int count, int maker, FutureOptions options = {}) {
  Futures<T> made;
  for (int i = 0; rank == maker && i < count; ++i) made.push_back(store.future<T>(options));
  Bytes const bytes = rank == maker ? serialize(made) : Bytes();
  std::uint64_t size = bytes.size();
  MPI_Bcast(&size, 1, MPI_UINT64_T, maker, MPI_COMM_WORLD);
  Buffer message(size);
  if (rank == maker) std::memcpy(message.data(), bytes.data(), size);
  MPI_Bcast(message.data(), static_cast<int>(size), MPI_BYTE, maker, MPI_COMM_WORLD);
  return rank == maker ? made : deserialize<Futures<T>>(std::move(message).freeze());
}

void evict(Store& store, Futures<std::int64_t> const& futures, int maker) {
  for (auto const& future : futures)
    if (rank == maker) store.evict(future.key());
}

struct Row {
  std::string name;
  std::vector<double> one_way;
};

void bounce_messages(std::vector<double>& one_way) {
  std::int64_t value = 1;
  auto const start = Clock::now();
  for (int i = 0; rank < 2 && i < round_trips; ++i) {
    if (rank == 0) MPI_Send(&value, 1, MPI_INT64_T, 1, 0, MPI_COMM_WORLD);
    MPI_Recv(&value, 1, MPI_INT64_T, 1 - rank, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    if (rank == 1) MPI_Send(&value, 1, MPI_INT64_T, 0, 0, MPI_COMM_WORLD);
  }
  one_way.push_back(microseconds_since(start) / (2 * round_trips));
}

/// There and back; the consumers have asked before.
void bounce(Store& store, Futures<std::int64_t> const& there, Futures<std::int64_t> const& back,
            std::vector<double>& one_way) {
  auto const end = shared_futures<bool>(store, 1, 0);
  auto const& awaited = rank == 0 ? back : there;
  if (rank < 2)
    for (auto const& future : awaited) static_cast<void>(future.done());
  MPI_Barrier(MPI_COMM_WORLD);
  auto const start = Clock::now();
  for (std::size_t i = 0; rank < 2 && i < round_trips; ++i) {
    if (rank == 0) there[i].set_result(1);
    awaited[i].result();
    if (rank == 1) back[i].set_result(1);
  }
  one_way.push_back(microseconds_since(start) / (2 * round_trips));
  if (rank == 0) end[0].set_result(true);
  else end[0].wait();  // a third rank serves meanwhile
}

/// Set before the consumer looks.
void late(Store& store, std::vector<double>& took) {
  auto const futures = shared_futures<std::int64_t>(store, round_trips, 0);
  auto const end = shared_futures<bool>(store, 1, 1);
  if (rank == 0)
    for (auto const& future : futures) future.set_result(1);
  MPI_Barrier(MPI_COMM_WORLD);
  auto const start = Clock::now();
  if (rank == 1)
    for (auto const& future : futures) future.result();
  took.push_back(microseconds_since(start) / round_trips);
  if (rank == 1) end[0].set_result(true);
  else end[0].wait();
  evict(store, futures, 0);
}

void small(Store& store) {
  Row message{"MPI_Send/MPI_Recv", {}}, beside{"the same, after work of the store's thread", {}},
      own{"future, set by its maker", {}}, declared{"future, set by its declared producer", {}},
      third{"future of a third rank", {}}, looked{"future, set before", {}};
  for (int batch = 0; batch < batches; ++batch) {
    MPI_Barrier(MPI_COMM_WORLD);
    bounce_messages(beside.one_way);
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    MPI_Barrier(MPI_COMM_WORLD);
    bounce_messages(message.one_way);
    auto const run = [&](Row& row, int there_maker, int back_maker, FutureOptions back_options) {
      auto const there = shared_futures<std::int64_t>(store, round_trips, there_maker);
      auto const back = shared_futures<std::int64_t>(store, round_trips, back_maker, back_options);
      bounce(store, there, back, row.one_way);
      evict(store, there, there_maker);
      evict(store, back, back_maker);
    };
    run(own, 0, 1, {});
    run(declared, 0, 0, {.producer = 1});
    if (ranks > 2) run(third, 2, 2, {});
    late(store, looked.one_way);
  }
  double shared[2] = {median(looked.one_way), median(message.one_way)};
  MPI_Bcast(shared, 1, MPI_DOUBLE, 1, MPI_COMM_WORLD);
  if (rank != 0) return;
  looked.one_way = {shared[0]};
  double const base = median(message.one_way);
  std::printf("8 B                                            one way   beside Send/Recv\n");
  for (auto const* row : {&message, &beside, &own, &declared, &third, &looked})
    if (!row->one_way.empty())
      std::printf("  %-42s %7.1f us %8.2f\n", row->name.c_str(), median(row->one_way), median(row->one_way) / base);
}

void large(Store& store) {
  constexpr std::size_t count = large_bytes / sizeof(double);
  std::vector<double> sent, pulled;
  std::vector<double> field(count, 1.0);
  for (int round = 0; round < large_rounds; ++round) {
    double answer = 0;
    MPI_Barrier(MPI_COMM_WORLD);
    auto start = Clock::now();
    if (rank == 0) {
      MPI_Send(field.data(), static_cast<int>(count), MPI_DOUBLE, 1, 0, MPI_COMM_WORLD);
      MPI_Recv(&answer, 1, MPI_DOUBLE, 1, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    } else if (rank == 1) {
      MPI_Recv(field.data(), static_cast<int>(count), MPI_DOUBLE, 0, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
      MPI_Send(&answer, 1, MPI_DOUBLE, 0, 0, MPI_COMM_WORLD);
    }
    sent.push_back(microseconds_since(start));

    auto const there = shared_futures<Array<double>>(store, 1, 0);
    auto const back = shared_futures<double>(store, 1, 1);
    Array<double> array;
    if (rank == 0) {
      array = store.allocate<double>({count});
      std::fill(array.begin(), array.end(), 1.0);
    }
    MPI_Barrier(MPI_COMM_WORLD);
    start = Clock::now();
    if (rank == 0) there[0].set_result(std::move(array));
    else if (rank == 1) back[0].set_result(there[0].result()[count - 1]);
    back[0].wait();
    pulled.push_back(microseconds_since(start));
    if (rank == 0) store.evict(there[0].key());
  }
  if (rank != 0) return;
  auto const rate = [](double us) { return static_cast<double>(large_bytes) / (1U << 30U) / (us * 1e-6); };  // GiB/s
  std::printf("64 MiB   Send/Recv %.2f GiB/s, future %.2f GiB/s: %.2f of it\n", rate(median(sent)),
              rate(median(pulled)), median(sent) / median(pulled));
}

}  // namespace

int main(int argc, char** argv) {
  mpi::Scope mpi(argc, argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  if (ranks < 2 || ranks > 3) {
    if (rank == 0) std::fprintf(stderr, "bench_network: two or three ranks are needed, each on a node of its own\n");
    return 2;
  }
  auto store = Store::open("bench", mpi::rma(MPI_COMM_WORLD, {.capacity = large_bytes + large_bytes / 2}));
  if (rank == 0) std::printf("%s", store.report().c_str());
  small(store);
  large(store);
  return 0;
}
