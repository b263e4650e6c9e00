// What an array takes through the hdf5 connector, beside H5Dwrite and H5Dread of the same array into a file of its own:
//     bench_hdf5 [DIRECTORY]      default: the temporary directory
// Each goes to the system's cache, not to the disk; the file is new each time.
#include <proxystore/connectors/hdf5.hpp>
#include <proxystore/proxystore.hpp>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "files.hpp"
#include "raw/hdf5.hpp"

using namespace proxystore;

namespace {

void add(bench::Program& program, Store& store, std::string const& path, std::string const& size, std::size_t count) {
  struct State {
    std::vector<double> values, read;
    Array<double> array = {};
    Key key = {};
    std::optional<Array<double>> got = {};
  };
  auto const all = std::make_shared<State>();
  all->values.assign(count, 1.5);
  auto const allocate = [=, &store] {
    all->array = store.allocate<double>({count});
    std::copy(all->values.begin(), all->values.end(), all->array.begin());
  };
  auto const put = [=, &store] { all->key = store.put(std::move(all->array)); };
  auto const evict = [=, &store] {
    all->got.reset();
    store.evict(all->key);
  };
  auto const write = [=] { raw::write_array(path, all->values); };
  auto const remove = [=] {
    all->read = {};
    std::filesystem::remove(path);
  };
  auto const row = [&](char const* name, bench::Way ours, bench::Way twin) {
    program.add({.name = "HDF5, " + size + " " + name, .ours = std::move(ours), .twin = std::move(twin)});
  };
  row("put", {{put}, allocate, evict}, {{write}, {}, remove});
  row("got",
      {{[=, &store] { all->got = store.get<Array<double>>(all->key); }},
       [=] {
         allocate();
         put();
       },
       evict},
      {{[=] { all->read = raw::read_array(path); }}, write, remove});
}

}  // namespace

int main(int argc, char** argv) {
  bench::Program program("hdf5", argc, argv);
  bench::Directory const directory(argc > 1 ? argv[1] : std::filesystem::temp_directory_path(), "bench_hdf5");
  auto store = Store::open("bench", std::make_unique<Hdf5Connector>(directory.file("objects")), {.cache_objects = 0});
  add(program, store, directory.file("bare.h5"), "64 MiB", std::size_t{1} << 23U);
  add(program, store, directory.file("bare.h5"), "1 MiB", std::size_t{1} << 17U);
  add(program, store, directory.file("bare.h5"), "128 B", 16);
  return program.run();
}
