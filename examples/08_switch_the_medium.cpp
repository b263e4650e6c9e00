// Where the objects lie is a line of text, here the program's argument:
//     mpirun -n 4 08_switch_the_medium 'rma:?capacity=64MiB'
#include <proxystore/connectors/connectors.hpp>
#include <proxystore/mpi/mpi.hpp>
#include <proxystore/proxystore.hpp>

#include <iostream>
#include <string>

using namespace proxystore;

void produce(Future<std::string> out) { out.set_result("handed over"); }
bool consume(Proxy<std::string> object) { return object == "handed over"; }

int main(int argc, char** argv) {
  mpi::Scope mpi(argc, argv);
  register_connectors();
  int size = 0;
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  std::string const medium = argc > 1 ? argv[1] : size > 1 ? "rma:?capacity=16MiB" : "local:";

  bool right = true;
  try {
    auto store = Store::open("medium", mpi::connect(MPI_COMM_WORLD, medium));  // collective: all ranks fail, or none
    mpi::Executor ranks(MPI_COMM_WORLD);
    if (auto submit = ranks.client()) {
      auto future = store.future<std::string>();
      auto consumer = submit->run<&consume>(future.proxy());
      submit->run<&produce>(future);
      right = consumer.result();
      std::cout << store.config().to_string() << '\n' << store.report();
    }
  } catch (Error const& error) {
    std::cerr << error.what() + std::string("\n");  // at once: ranks write side by side
    return 2;
  }
  return right ? 0 : 1;
}
