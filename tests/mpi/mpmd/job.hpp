/// What the two programs of a job agree on.
#pragma once

#include <mpi.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include <proxystore/mpi/mpi.hpp>
#include <proxystore/proxystore.hpp>

namespace job {

using namespace proxystore;

inline constexpr auto patience = std::chrono::seconds(20);
inline constexpr int steps = 10;
inline constexpr std::size_t cells = 100'000;

using Frame = std::vector<double>;
inline double cell(int rank, int step) { return 100.0 * rank + step; }

/// The frames of a rank of the simulation, and what it is told after each; made by the ranks of the simulation.
struct Lines {
  std::vector<Future<Frame>> frames;
  std::vector<Future<double>> replies;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(frames, replies);
  }
};

/// Collective: what every rank says.
template <class T>
std::vector<T> gather(T const& mine) {
  auto const bytes = proxystore::serialize(mine);
  int const length = static_cast<int>(bytes.size());
  int ranks = 0;
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  std::vector<int> lengths(static_cast<std::size_t>(ranks)), places{0};
  MPI_Allgather(&length, 1, MPI_INT, lengths.data(), 1, MPI_INT, MPI_COMM_WORLD);
  for (int const each : lengths) places.push_back(places.back() + each);
  std::vector<std::byte> text(static_cast<std::size_t>(places.back()));
  MPI_Allgatherv(bytes.data(), length, MPI_BYTE, text.data(), lengths.data(), places.data(), MPI_BYTE, MPI_COMM_WORLD);
  std::vector<T> all;
  for (std::size_t r = 0; r < lengths.size(); ++r)
    all.push_back(deserialize<T>(Bytes::copy_of(
        std::span(text).subspan(static_cast<std::size_t>(places[r]), static_cast<std::size_t>(lengths[r])))));
  return all;
}

inline int failures = 0;

inline void expect(bool condition, char const* what) {
  if (condition) return;
  std::fprintf(stderr, "not so: %s\n", what);
  ++failures;
}

/// Runs `work` with MPI; the exit code of the program.
template <class Work>
int main(int argc, char** argv, Work const& work) {
  try {
    mpi::Scope const scope(argc, argv);
    work();
  } catch (std::exception const& error) {
    std::fprintf(stderr, "%s\n", error.what());
    ++failures;
  }
  return failures == 0 ? 0 : 1;
}

}  // namespace job
