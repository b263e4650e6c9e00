// Of a build without the HDF5 of its MPI.
#include "array_file.hpp"

#include <proxystore/error.hpp>

namespace proxystore::mpi::detail {
namespace {

[[noreturn]] void refuse() {
  throw ConfigError(
      "arrays cannot be kept in files (this build has no parallel HDF5) leave the directory empty, or build with "
      "PROXYSTORE_BUILD_HDF5 and the HDF5 of this MPI");
}

}  // namespace

struct SharedArrayFile::Open {};

bool has_array_files() noexcept { return false; }
void make_array_file(std::string const&, Layout const&, Maker const&) { refuse(); }
SharedArrayFile::SharedArrayFile(MPI_Comm, std::string) { refuse(); }
SharedArrayFile::~SharedArrayFile() = default;
void SharedArrayFile::open(Layout const&) { refuse(); }
void SharedArrayFile::write(Block const&, Piece const&) { refuse(); }
void SharedArrayFile::close() { refuse(); }
void read_array_file(Layout const&, Box const&, std::span<std::byte>) { refuse(); }

}  // namespace proxystore::mpi::detail
