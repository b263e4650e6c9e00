/// One directory for all ranks of a test program, gone at its end.
#pragma once

#include <mpi.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <system_error>

namespace world {

class SharedDirectory {
 public:
  /// Collective.
  explicit SharedDirectory(MPI_Comm comm = MPI_COMM_WORLD) : comm_(comm) {
    auto name = (std::filesystem::temp_directory_path() / "proxystore-test-XXXXXX").string();
    MPI_Comm_rank(comm, &rank_);
    if (rank_ == 0 && !mkdtemp(name.data())) throw std::runtime_error("no directory can be made at " + name);
    MPI_Bcast(name.data(), static_cast<int>(name.size()), MPI_CHAR, 0, comm);
    path_ = name;
  }
  SharedDirectory(SharedDirectory const&) = delete;
  SharedDirectory& operator=(SharedDirectory const&) = delete;
  /// Collective, so that rank 0 removes what nobody uses any more; after MPI_Finalize all have come so far.
  ~SharedDirectory() {
    std::error_code ignored;
    int finalized = 0;
    MPI_Finalized(&finalized);
    if (finalized == 0) MPI_Barrier(comm_);
    if (rank_ == 0) std::filesystem::remove_all(path_, ignored);
  }

  std::filesystem::path const& path() const noexcept { return path_; }
  std::string operator/(std::string const& name) const { return (path_ / name).string(); }

 private:
  MPI_Comm comm_;
  int rank_ = 0;
  std::filesystem::path path_;
};

}  // namespace world
