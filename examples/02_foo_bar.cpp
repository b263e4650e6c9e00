// bar needs what foo makes, and starts first. Run it with: mpirun -n 3 02_foo_bar
#include <proxystore/mpi/mpi.hpp>
#include <proxystore/proxystore.hpp>

#include <numeric>
#include <vector>

using namespace proxystore;
using Density = std::vector<double>;

void foo(Future<Density> out) { out.set_result(Density(1000, 2.5)); }

double bar(Proxy<Density> density) {
  // Work that does not need the density goes here. Its first use waits until foo has set it.
  return std::accumulate(density.begin(), density.end(), 0.0);
}

int main(int argc, char** argv) {
  mpi::Scope mpi(argc, argv);                                      // initialises MPI if nobody has
  auto store = Store::open("pipeline", mpi::rma(MPI_COMM_WORLD));  // collective
  mpi::Executor ranks(MPI_COMM_WORLD);                             // rank 0 submits, the others serve

  double sum = 2500.0;
  if (auto submit = ranks.client()) {
    Future<Density> future = store.future<Density>();
    auto b = submit->run<&bar>(future.proxy());  // on one rank
    auto f = submit->run<&foo>(future);          // on another
    f.wait();
    sum = b.result();
  }
  return sum == 2500.0 ? 0 : 1;
}
