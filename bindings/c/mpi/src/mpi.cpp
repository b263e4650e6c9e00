#include <proxystore/c/proxystore_mpi.h>

#include <algorithm>
#include <exception>
#include <memory>
#include <vector>

#include <proxystore/mpi/broadcast.hpp>
#include <proxystore/mpi/rma.hpp>

#include "broadcast.hpp"
#include "store.hpp"

namespace proxystore::c {
namespace {

void check(int code, char const* function) {
  if (code == MPI_SUCCESS) return;
  char text[MPI_MAX_ERROR_STRING] = "";
  int length = 0;
  MPI_Error_string(code, text, &length);
  throw ConnectorError(std::string(function) + " failed (" + text + ")");
}

}  // namespace

void need_mpi(MPI_Comm comm) {
  int initialised = 0, finalized = 0;
  check(MPI_Initialized(&initialised), "MPI_Initialized");
  check(MPI_Finalized(&finalized), "MPI_Finalized");
  if (initialised == 0 || finalized != 0) throw InvalidArgument("MPI is not initialised, or was finalized");
  if (comm == MPI_COMM_NULL) throw InvalidArgument("a communicator is needed, this is MPI_COMM_NULL");
}

int rank_in(MPI_Comm comm) {
  int rank = 0;
  check(MPI_Comm_rank(comm, &rank), "MPI_Comm_rank");
  return rank;
}

namespace {

/// What `check_arguments` throws, on its rank; the other ranks then get an error too. Collective.
template <class CheckArguments>
std::unique_ptr<Connector> connect(MPI_Comm comm, char const* text, CheckArguments const& check_arguments) {
  try {
    check_arguments();
  } catch (std::exception const&) {
    try {
      mpi::connect(comm, {});  // fails, everywhere
    } catch (Error const&) {   // of less use than the first
    }
    throw;
  }
  return mpi::connect(comm, text);
}

}  // namespace
}  // namespace proxystore::c

using namespace proxystore::c;

extern "C" {

int proxystore_store_open_mpi(char const* name, char const* connector, MPI_Comm comm,
                              proxystore_store_options const* options, proxystore_store** out) {
  return call([&] {
    know_connectors();
    need_mpi(comm);
    auto medium = connect(comm, connector, [&] {
      need(out, "a place for the handle");
      need(name, "a name");
      need(connector, "a connector text");
      (void)options_of(options);
    });
    give_store(out, proxystore::Store::open(name, std::move(medium), options_of(options)));
  });
}

int proxystore_future_bcast(proxystore_future** futures, int count, int root, MPI_Comm comm) {
  return call([&] {
    broadcast_handles(
        futures, count, root, comm, [](proxystore_future & handle) -> auto& { return handle.future; });
  });
}

int proxystore_proxy_bcast(proxystore_proxy** proxies, int count, int root, MPI_Comm comm) {
  return call([&] {
    broadcast_handles(
        proxies, count, root, comm, [](proxystore_proxy & handle) -> auto& { return handle.proxy; });
  });
}

}  // extern "C"
