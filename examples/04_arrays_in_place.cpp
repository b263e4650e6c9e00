// An array is written once, where its consumers read it: on one node nobody copies.
#include <proxystore/mpi/mpi.hpp>
#include <proxystore/proxystore.hpp>

#include <cstddef>
#include <numeric>

using namespace proxystore;
using Field = Array<double>;  // a shape, and contiguous elements in C order

Store* store = nullptr;  // of this rank

void simulate(Future<Field> out) {
  Field rho = store->allocate<double>({300, 400});  // in memory that other ranks can read
  for (std::size_t i = 0; i < 300; ++i)
    for (std::size_t j = 0; j < 400; ++j) rho(i, j) = i == j ? 1.0 : 0.0;
  out.set_result(std::move(rho));  // publishes the memory; no element moves
}

bool analyse(Proxy<Field> one, Proxy<Field> other) {
  bool const in_place = one->data() == other->data();  // two proxies, one memory
  bool const whole = one->shape() == Shape{300, 400} && std::accumulate(one.begin(), one.end(), 0.0) == 300.0;
  return in_place && whole;
}

int main(int argc, char** argv) {
  mpi::Scope mpi(argc, argv);
  auto opened = Store::open("arrays", mpi::rma(MPI_COMM_WORLD, {.capacity = 16u << 20u}));  // bytes, each rank
  store = &opened;
  mpi::Executor ranks(MPI_COMM_WORLD);

  bool right = true;
  if (auto submit = ranks.client()) {
    auto future = store->future<Field>();
    auto analysis = submit->run<&analyse>(future.proxy(), future.proxy());
    auto simulation = submit->run<&simulate>(future);
    right = analysis.result();
    simulation.wait();
  }
  return right ? 0 : 1;
}
