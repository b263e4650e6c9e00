// A simulation and its analysis in one job, on ranks of their own: no send has a receive that must match.
//     mpirun -n 4 12_coupling
#include <proxystore/connectors/connectors.hpp>
#include <proxystore/mpi/mpi.hpp>
#include <proxystore/proxystore.hpp>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <numeric>
#include <string>
#include <vector>

using namespace proxystore;
using namespace std::chrono_literals;
using Field = Array<double>;

constexpr int steps = 20;
constexpr std::size_t nx = 100, ny = 80;

/// What the two sides hold of each other. A value: it serializes as its members do.
struct Coupling {
  std::vector<std::vector<Future<Field>>> frames;  // [step][simulating rank]
  Future<double> heating;                          // what the analysis has to say to the simulation

  template <class Archive>
  void serialize(Archive& archive) {
    archive(frames, heating);
  }
};

/// On one rank: names every object of the run, before there is one.
Coupling plan(Store& store, int simulating, int size) {
  Coupling coupling;
  coupling.frames.resize(steps);
  for (auto& frame : coupling.frames)
    for (int rank = 0; rank < simulating; ++rank) frame.push_back(store.future<Field>({.producer = rank}));
  coupling.heating = store.future<double>({.producer = size - 1});
  return coupling;
}

/// `simulation`: its ranks alone, as if there were nobody else.
double simulate(Store& store, Coupling const& coupling, MPI_Comm simulation) {
  int rank = 0;
  MPI_Comm_rank(simulation, &rank);
  double heat = 1.0, heating = 1.0;
  for (int step = 0; step < steps; ++step) {
    heat *= heating;
    Field field = store.allocate<double>({nx, ny});  // where the analysis will read it
    std::fill(field.begin(), field.end(), heat);
    coupling.frames[step][rank].set_result(std::move(field));  // publishes it and goes on

    int heard = coupling.heating.done();                                   // looks, and does not wait
    MPI_Allreduce(MPI_IN_PLACE, &heard, 1, MPI_INT, MPI_MIN, simulation);  // all of them from the same step on
    if (heard) heating = coupling.heating.result();
  }
  return heat;
}

double mean(Field const& field) {
  return std::accumulate(field.begin(), field.end(), 0.0) / static_cast<double>(field.size());
}

/// Takes every `stride`-th step, from `first` on; the last of those who analyse steers.
double analyse(Store& store, Coupling const& coupling, int first, int stride) {
  double hottest = 0;
  for (int step = first; step < steps; step += stride) {
    for (auto const& future : coupling.frames[step]) {
      Proxy<Field> const frame = future.proxy();
      frame.resolve(10min);  // waits here, and not for ever
      hottest = std::max(hottest, mean(*frame));
      store.evict(future.key());  // makes room; what is held stays valid
    }
    if (step == stride - 1) coupling.heating.set_result(hottest < 2.0 ? 1.1 : 1.0);
  }
  return hottest;
}

int main(int argc, char** argv) {
  mpi::Scope mpi(argc, argv);
  register_connectors();
  int rank = 0, size = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  std::string const medium = argc > 1 ? argv[1] : "rma:?capacity=32MiB";  // one line switches the medium
  int const simulating = std::max(1, size / 2), analysing = std::max(1, size - simulating);

  double result = 0;
  try {
    auto store = Store::open("coupling", mpi::connect(MPI_COMM_WORLD, medium));
    Coupling const coupling = mpi::broadcast(MPI_COMM_WORLD, 0, rank == 0 ? plan(store, simulating, size) : Coupling());

    bool const simulates = rank < simulating, analyses = rank >= size - analysing;
    MPI_Comm simulation = MPI_COMM_NULL;
    MPI_Comm_split(MPI_COMM_WORLD, simulates ? 0 : MPI_UNDEFINED, rank, &simulation);
    if (simulates) {
      result = simulate(store, coupling, simulation);
      MPI_Comm_free(&simulation);
    }
    if (analyses) result = analyse(store, coupling, rank - (size - analysing), analysing);
    store.close();  // collective: waits until all have done
  } catch (Error const& error) {
    std::cerr << "rank " + std::to_string(rank) + ": " + error.what() + "\n";
    return 2;
  }
  return result >= 1.0 ? 0 : 1;
}
