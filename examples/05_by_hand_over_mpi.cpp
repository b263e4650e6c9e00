// Futures and proxies in an MPI program of your own, without an executor. They are values: serialize() makes bytes
// of them, and how these travel is yours.
#include <proxystore/mpi/mpi.hpp>
#include <proxystore/proxystore.hpp>

#include <cstring>
#include <string>
#include <vector>

using namespace proxystore;

template <class T>
T broadcast(T const& value, int root) {  // collective
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  Bytes const bytes = rank == root ? serialize(value) : Bytes();
  int size = static_cast<int>(bytes.size());
  MPI_Bcast(&size, 1, MPI_INT, root, MPI_COMM_WORLD);
  Buffer message(static_cast<std::size_t>(size));
  if (rank == root) std::memcpy(message.data(), bytes.data(), bytes.size());
  MPI_Bcast(message.data(), size, MPI_BYTE, root, MPI_COMM_WORLD);
  return deserialize<T>(std::move(message).freeze());
}

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);  // any thread level will do
  int rank = 0, size = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  bool right = true;
  {
    auto store = Store::open("by-hand", mpi::rma(MPI_COMM_WORLD));

    // Rank 0 makes a future for each rank and says who will set it: should that rank leave, its consumers hear of it.
    std::vector<Future<std::string>> futures;
    for (int r = 0; rank == 0 && r < size; ++r) futures.push_back(store.future<std::string>({.producer = r}));
    futures = broadcast(futures, 0);

    futures[rank].set_result("from rank " + std::to_string(rank));
    int const left = (rank + size - 1) % size;
    right = futures[left].proxy() == "from rank " + std::to_string(left);  // no receive for this send

    // A proxy of an object that exists: some 100 bytes travel, whatever the size of the object.
    if (rank == 0 && size > 1) {
      Bytes const bytes = serialize(store.proxy(std::vector<double>(100'000, 1.5)));
      MPI_Send(bytes.data(), static_cast<int>(bytes.size()), MPI_BYTE, 1, 0, MPI_COMM_WORLD);
    } else if (rank == 1) {
      MPI_Status status;
      int count = 0;
      MPI_Probe(0, 0, MPI_COMM_WORLD, &status);
      MPI_Get_count(&status, MPI_BYTE, &count);
      Buffer message(static_cast<std::size_t>(count));
      MPI_Recv(message.data(), count, MPI_BYTE, 0, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
      auto const proxy = deserialize<Proxy<std::vector<double>>>(std::move(message).freeze());
      right = right && proxy.size() == 100'000 && proxy[99'999] == 1.5;
    }
    store.close();  // collective, so after the last use on every rank: it waits for the others
  }
  MPI_Finalize();
  return right ? 0 : 1;
}
