#include "open_directory.hpp"

#include <sys/stat.h>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <system_error>

#include <proxystore/error.hpp>
#include <proxystore/segments/index.hpp>
#include <proxystore/segments/reader.hpp>
#include <proxystore/version.hpp>

#include "check.hpp"
#include "parallel_file_connector.hpp"
#include "progress.hpp"

namespace proxystore::mpi::detail {
namespace {

using Consistency = ParallelFileOptions::Consistency;

constexpr std::size_t least_segment = std::size_t{64} << 10U;

std::string octal(unsigned mode) {
  char digits[16] = "0";
  return {digits, std::to_chars(digits + 1, digits + sizeof digits, mode, 8).ptr};
}

void check(ParallelFileOptions const& options) {
  if (options.directory.empty())
    throw ConfigError(
        "a parallel-file store needs a directory (none was named) write for example parallel-file:/scratch/run7");
  if (options.segment < least_segment)
    throw ConfigError("parallel-file segment " + std::to_string(options.segment) + " is too small (at least 64 KiB)");
  if ((options.permissions & ~0666U) != 0 || (options.permissions & 0600U) != 0600U)
    throw ConfigError("option permissions=" + octal(options.permissions) +
                      " cannot be (the owner reads and writes, nobody executes) write for example 0600 or 0664");
}

std::string absolute(std::string const& directory) {
  auto path = std::filesystem::absolute(directory).lexically_normal();
  return (path.has_filename() || path == path.root_path() ? path : path.parent_path()).string();
}

/// Where one may read, one may search.
mode_t searchable(unsigned permissions) { return permissions | ((permissions & 0444U) >> 2U); }

void make_directory(std::string const& path, unsigned permissions) {
  std::error_code trouble;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), trouble);  // what is wrong, mkdir says
  if (::mkdir(path.c_str(), searchable(permissions)) == 0) {
    ::chmod(path.c_str(), searchable(permissions));
    return;
  }
  if (int const error = errno; error != EEXIST || !std::filesystem::is_directory(path, trouble))
    throw ConnectorError("cannot make directory '" + path + "' (" + std::generic_category().message(error) + ")");
}

std::string now() {
  std::time_t const time = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::array<char, 64> text{};
  std::tm parts{};
  gmtime_r(&time, &parts);
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S UTC", &parts)};
}

}  // namespace

ParallelFileOptions checked(MPI_Comm comm, ParallelFileOptions options) {
  int initialised = 0;
  mpi_check(MPI_Initialized(&initialised), "MPI_Initialized");
  if (comm == MPI_COMM_NULL || initialised == 0) return options;  // RmaConnector complains
  come_together(comm);
  together(comm, [&] {
    check(options);
    options.directory = absolute(options.directory);
  });
  return options;
}

Shared open_directory(MPI_Comm comm, ParallelFileOptions const& options, std::string const& session,
                      std::string const& who) {
  auto const& path = options.directory;
  int rank = 0;
  together(comm, [&] {
    mpi_check(MPI_Comm_rank(comm, &rank), "MPI_Comm_rank");
    if (rank != 0) return;
    make_directory(path, options.permissions);
    segments::write_session(path, session,
                            "session " + session + " of " + now() + ", " + who + ", proxystore " PROXYSTORE_VERSION,
                            options.fsync, options.permissions);
  });
  together(comm, [&] {
    if (segments::describe_session(path, session).empty())
      throw ConfigError("directory '" + path + "' is not the same on all ranks (what rank 0 wrote there is not there " +
                        "here) name one on a file system that all hosts share");
  });
  // Any may find that it is over a network, and all behave so.
  bool const over_nfs = options.consistency == Consistency::automatic && segments::is_nfs(path);
  std::array<int, 2> const mine{over_nfs || options.consistency == Consistency::close_to_open ? 1 : 0,
                                segments::is_local(path) && (rank != 0 || segments::can_reserve(path)) ? 0 : 1};
  std::array<int, 2> most{};
  together(comm,
           [&] { mpi_check(MPI_Allreduce(mine.data(), most.data(), 2, MPI_INT, MPI_MAX, comm), "MPI_Allreduce"); });
  return {path, most[0] == 0 && most[1] == 0, most[0] != 0};
}

}  // namespace proxystore::mpi::detail
