// What the parallel-file connector takes beside one file for each object, on one rank:
//     bench_parallel_file [DIRECTORY [OPTIONS]]     default: the temporary directory; OPTIONS: ?fsync=yes
#include <filesystem>
#include <string>

#include "files.hpp"
#include "mpi.hpp"

using namespace proxystore;

int main(int argc, char** argv) {
  mpi::Scope const mpi(argc, argv);
  bench::Program program("parallel-file", argc, argv);
  std::string const options = argc > 2 ? argv[2] : "";
  auto const sync = options.find("fsync=yes") != options.npos ? raw::Sync::yes : raw::Sync::no;
  bench::Directory const directory(argc > 1 ? argv[1] : std::filesystem::temp_directory_path(), "bench_parallel_file");
  auto const connector = mpi::connect(MPI_COMM_SELF, "parallel-file:" + directory.file("store") + options);
  bench::add_small(program, *connector, directory, "segments", sync, bench::ratio(0.05), bench::ratio(0.05));
  bench::add_large(program, *connector, directory, "segments", sync);
  auto const status = program.run();
  connector->close();
  return status;
}
