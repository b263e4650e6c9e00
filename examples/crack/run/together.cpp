#include "run/together.hpp"

#include <algorithm>
#include <cstdio>
#include <exception>

#include <proxystore/error.hpp>

namespace crack {

namespace {

struct Outcome {
  std::string problem;  // empty: none
  bool echo = false;
};

Outcome attempt(std::function<void()> const& step) {
  try {
    step();
    return {};
  } catch (OtherRankFailed const& error) {
    return {error.what(), true};
  } catch (proxystore::RemoteError const& error) {
    return {error.what(), true};
  } catch (proxystore::BrokenFuture const& error) {
    return {error.what(), true};
  } catch (proxystore::ObjectNotFound const& error) {
    return {error.what(), true};
  } catch (std::exception const& error) {
    return {error.what(), false};
  }
}

}  // namespace

std::string broadcast_text(MPI_Comm comm, int root, std::string text) {
  auto size = static_cast<int>(text.size());
  MPI_Bcast(&size, 1, MPI_INT, root, comm);
  text.resize(static_cast<std::size_t>(size));
  MPI_Bcast(text.data(), size, MPI_CHAR, root, comm);
  return text;
}

bool together(MPI_Comm comm, std::function<void()> const& step) {
  int rank = 0, size = 0;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &size);
  Outcome const outcome = attempt(step);
  int const none = 2 * size;
  int claim = outcome.problem.empty() ? none : rank + (outcome.echo ? size : 0);
  MPI_Allreduce(MPI_IN_PLACE, &claim, 1, MPI_INT, MPI_MIN, comm);
  if (claim == none) return true;
  std::string problem = broadcast_text(comm, claim % size, outcome.problem);
  std::replace(problem.begin(), problem.end(), '\n', ' ');
  if (rank == 0) std::fprintf(stderr, "crack: %s\n", problem.c_str());
  return false;
}

void all_or_none(MPI_Comm comm, std::function<void()> const& step) {
  std::exception_ptr failure;
  try {
    step();
  } catch (...) {
    failure = std::current_exception();
  }
  int good = failure ? 0 : 1;
  MPI_Allreduce(MPI_IN_PLACE, &good, 1, MPI_INT, MPI_MIN, comm);
  if (failure) std::rethrow_exception(failure);
  if (good == 0) throw OtherRankFailed();
}

}  // namespace crack
