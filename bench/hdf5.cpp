// What an array costs through the hdf5 connector, beside H5Dwrite and H5Dread of the same array into a file of its own:
//     bench_hdf5 DIRECTORY
// Medians. Each goes to the system's cache, not to the disk; the file is new each time.
#include <proxystore/connectors/hdf5.hpp>
#include <proxystore/proxystore.hpp>

#include <hdf5.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string>
#include <unistd.h>
#include <vector>

using namespace proxystore;
using Clock = std::chrono::steady_clock;

namespace {

constexpr int rounds = 31;

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

double microseconds(std::function<void()> const& work) {
  auto const start = Clock::now();
  work();
  return std::chrono::duration<double, std::micro>(Clock::now() - start).count();
}

struct Times {
  std::vector<double> put, get;
};

void write_bare(std::string const& path, std::vector<double> const& values) {
  hsize_t const extent = values.size();
  hid_t const file = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  hid_t const space = H5Screate_simple(1, &extent, nullptr);
  hid_t const set = H5Dcreate2(file, "object", H5T_NATIVE_DOUBLE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
  H5Dclose(set);
  H5Sclose(space);
  H5Fclose(file);
}

double* read_bare(std::string const& path, std::size_t count) {
  hid_t const file = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  hid_t const set = H5Dopen2(file, "object", H5P_DEFAULT);
  auto* values = static_cast<double*>(std::malloc(count * sizeof(double)));
  H5Dread(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
  H5Dclose(set);
  H5Fclose(file);
  return values;
}

void compare(Store& store, std::string const& directory, std::size_t count, char const* name) {
  Times bare, ours;
  std::vector<double> const values(count, 1.5);
  auto const path = directory + "/bare.h5";
  for (int round = 0; round < rounds; ++round) {
    double* read = nullptr;
    bare.put.push_back(microseconds([&] { write_bare(path, values); }));
    bare.get.push_back(microseconds([&] { read = read_bare(path, count); }));
    std::free(read);
    unlink(path.c_str());

    Array<double> array = store.allocate<double>({count});
    std::copy(values.begin(), values.end(), array.begin());
    Key key;
    ours.put.push_back(microseconds([&] { key = store.put(std::move(array)); }));
    std::optional<Array<double>> got;
    ours.get.push_back(microseconds([&] { got = store.get<Array<double>>(key); }));
    store.evict(key);
  }
  auto const line = [&](char const* what, std::vector<double> const& raw, std::vector<double> const& store_times) {
    std::printf("%-8s %s %12.0f us %12.0f us %8.2f\n", name, what, median(raw), median(store_times),
                median(store_times) / median(raw));
  };
  line("put", bare.put, ours.put);
  line("get", bare.get, ours.get);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "bench_hdf5: a directory is needed: bench_hdf5 /dev/shm/bench\n");
    return 2;
  }
  std::string const directory = argv[1];
  Store store = Store::open("bench", std::make_unique<Hdf5Connector>(directory), {.cache_objects = 0});
  std::printf("an array                bare HDF5        connector    ratio\n");
  compare(store, directory, std::size_t{1} << 23U, "64 MiB");
  compare(store, directory, std::size_t{1} << 17U, "1 MiB");
  compare(store, directory, 16, "128 B");
}
