#include "check.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <limits>
#include <thread>

#include <proxystore/error.hpp>

namespace proxystore::mpi::detail {
namespace {

/// MPI may be asked for its texts, which in some MPIs ends the process before MPI_Init and after MPI_Finalize.
bool is_usable() noexcept {
  int initialised = 0, finalized = 0;
  return MPI_Initialized(&initialised) == MPI_SUCCESS && MPI_Finalized(&finalized) == MPI_SUCCESS && initialised != 0 &&
         finalized == 0;
}

/// The lowest rank, plus 1, that says so; 0 if none does. Throws if it cannot be heard.
int first_of(MPI_Comm comm, bool mine, int rank) {
  constexpr int none = std::numeric_limits<int>::max();
  int const number = mine ? rank : none;
  int first = none;
  mpi_check(MPI_Allreduce(&number, &first, 1, MPI_INT, MPI_MIN, comm), "MPI_Allreduce");
  return first == none ? 0 : first + 1;
}

}  // namespace

void mpi_check(int code, char const* function) {
  if (code == MPI_SUCCESS) return;
  std::array<char, MPI_MAX_ERROR_STRING> text{};
  int length = 0;
  if (!is_usable() || MPI_Error_string(code, text.data(), &length) != MPI_SUCCESS) length = 0;
  throw ConnectorError(std::string(function) + " failed (" +
                       (length > 0 ? std::string(text.data(), static_cast<std::size_t>(length)) : std::to_string(code)) +
                       ")");
}

void take_all(std::initializer_list<std::function<void()>> steps) {
  std::exception_ptr first;
  for (auto const& step : steps) {
    try {
      step();
    } catch (std::exception const&) {
      if (!first) first = std::current_exception();
    }
  }
  if (first) std::rethrow_exception(first);
}

void wait_patiently(MPI_Request& request, std::function<void()> const& meanwhile) {
  using namespace std::chrono_literals;
  int done = 0, failure = MPI_SUCCESS;
  auto pause = 1us;
  for (int tries = 0; done == 0; ++tries) {
    int const code = MPI_Test(&request, &done, MPI_STATUS_IGNORE);
    if (code != MPI_SUCCESS && (failure != MPI_SUCCESS || request == MPI_REQUEST_NULL)) mpi_check(code, "MPI_Test");
    if (code != MPI_SUCCESS) failure = code;
    if (done != 0) break;
    meanwhile();
    if (tries < 1000) {
      std::this_thread::yield();
    } else {
      std::this_thread::sleep_for(pause);  // polling MPI, which cannot wake us
      pause = std::min<std::chrono::microseconds>(pause * 2, 1ms);
    }
  }
  mpi_check(failure, "MPI_Test");
}

void together(MPI_Comm comm, std::function<void()> const& work) {
  std::exception_ptr error;
  std::array<char, 512> text{};
  int rank = 0, first = 0;
  auto const attempt = [&](std::function<void()> const& step) {
    try {
      step();
    } catch (std::exception const& exception) {
      if (error) return;
      error = std::current_exception();
      std::strncpy(text.data(), exception.what(), text.size() - 1);
    }
  };
  attempt(work);
  attempt([&] { mpi_check(MPI_Comm_rank(comm, &rank), "MPI_Comm_rank"); });
  bool heard = false;
  attempt([&] {
    first = first_of(comm, error != nullptr, rank);
    heard = true;
  });
  try {
    first = first_of(comm, error != nullptr, rank);
  } catch (ConnectorError const&) {
    if (!heard) throw;
  }
  if (first == 0) return;
  int const code = MPI_Bcast(text.data(), static_cast<int>(text.size()), MPI_CHAR, first - 1, comm);
  if (error) std::rethrow_exception(error);
  mpi_check(code, "MPI_Bcast");
  if (text[0] == '\0') throw ConnectorError("another rank failed");  // one that does not know its own number
  throw ConnectorError(std::string(text.data()) + " (on rank " + std::to_string(first - 1) + ")");
}

}  // namespace proxystore::mpi::detail
