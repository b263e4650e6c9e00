#include "check.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <thread>

#include <proxystore/error.hpp>

namespace proxystore::mpi::detail {

void mpi_check(int code, char const* function) {
  if (code == MPI_SUCCESS) return;
  std::array<char, MPI_MAX_ERROR_STRING> text{};
  int length = 0;
  if (MPI_Error_string(code, text.data(), &length) != MPI_SUCCESS) length = 0;
  throw ConnectorError(std::string(function) + " failed (" +
                       (length > 0 ? std::string(text.data(), static_cast<std::size_t>(length)) : std::to_string(code)) +
                       ")");
}

void wait_patiently(MPI_Request& request, char const* function) {
  using namespace std::chrono_literals;
  int done = 0;
  auto pause = 1us;
  for (int tries = 0; done == 0; ++tries) {
    mpi_check(MPI_Test(&request, &done, MPI_STATUS_IGNORE), function);
    if (done != 0) break;
    if (tries < 1000) {
      std::this_thread::yield();
    } else {
      std::this_thread::sleep_for(pause);  // polling MPI, which cannot wake us
      pause = std::min<std::chrono::microseconds>(pause * 2, 1ms);
    }
  }
}

void together(MPI_Comm comm, std::function<void()> const& work) {
  std::exception_ptr error;
  std::array<char, 512> text{};
  try {
    work();
  } catch (std::exception const& exception) {
    error = std::current_exception();
    std::strncpy(text.data(), exception.what(), text.size() - 1);
  }
  int rank = 0, size = 0;
  mpi_check(MPI_Comm_rank(comm, &rank), "MPI_Comm_rank");
  mpi_check(MPI_Comm_size(comm, &size), "MPI_Comm_size");
  int const mine = error ? rank : size;
  int first = size;
  mpi_check(MPI_Allreduce(&mine, &first, 1, MPI_INT, MPI_MIN, comm), "MPI_Allreduce");
  if (first == size) return;
  mpi_check(MPI_Bcast(text.data(), static_cast<int>(text.size()), MPI_CHAR, first, comm), "MPI_Bcast");
  if (error) std::rethrow_exception(error);
  throw ConnectorError(std::string(text.data()) + " (on rank " + std::to_string(first) + ")");
}

}  // namespace proxystore::mpi::detail
