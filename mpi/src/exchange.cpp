#include "exchange.hpp"

#include <limits>
#include <numeric>

#include <proxystore/error.hpp>

#include "check.hpp"

namespace proxystore::mpi::detail {
namespace {

int size_of(MPI_Comm comm) {
  int size = 0;
  mpi_check(MPI_Comm_size(comm, &size), "MPI_Comm_size");
  return size;
}

/// Where each of them begins, and where the last one ends. Throws InvalidArgument beyond what MPI can count.
std::vector<int> begins_of(std::vector<int> const& sizes) {
  std::vector<int> begins{0};
  for (int const size : sizes) {
    if (size > std::numeric_limits<int>::max() - begins.back())
      throw InvalidArgument("the ranks exchange more than 2 GiB of descriptions");
    begins.push_back(begins.back() + size);
  }
  return begins;
}

}  // namespace

int rank_in(MPI_Comm comm) {
  int rank = 0;
  mpi_check(MPI_Comm_rank(comm, &rank), "MPI_Comm_rank");
  return rank;
}

std::vector<Bytes> exchange(MPI_Comm comm, Bytes const& mine) {
  std::vector<int> sizes;
  int const size = static_cast<int>(mine.size());
  together(comm, [&] { sizes.resize(static_cast<std::size_t>(size_of(comm))); });
  together(comm, [&] { mpi_check(MPI_Allgather(&size, 1, MPI_INT, sizes.data(), 1, MPI_INT, comm), "MPI_Allgather"); });
  std::vector<int> begins;
  Buffer buffer;
  together(comm, [&] {
    begins = begins_of(sizes);
    buffer = Buffer(static_cast<std::size_t>(begins.back()));
  });
  together(comm, [&] {
    mpi_check(MPI_Allgatherv(mine.data(), size, MPI_BYTE, buffer.data(), sizes.data(), begins.data(), MPI_BYTE, comm),
              "MPI_Allgatherv");
  });
  Bytes const all = std::move(buffer).freeze();
  std::vector<Bytes> each;
  for (std::size_t rank = 0; rank < sizes.size(); ++rank)
    each.push_back(all.slice(static_cast<std::size_t>(begins[rank]), static_cast<std::size_t>(sizes[rank])));
  return each;
}

}  // namespace proxystore::mpi::detail
