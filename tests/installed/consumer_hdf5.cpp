// Uses the hdf5 connector of an installed proxystore.
#include <iostream>

#include <proxystore/connectors/hdf5.hpp>
#include <proxystore/proxystore.hpp>

int main(int argc, char** argv) {
  using namespace proxystore;
  if (argc != 2) return 2;
  auto store = Store::open("consumer", std::make_unique<Hdf5Connector>(argv[1], Hdf5Options{.checksum = true}));
  Array<double> array({100, 50});
  for (std::size_t i = 0; i < array.size(); ++i) array[i] = static_cast<double>(i);
  auto const key = store.put(array);
  auto const found = store.get<Array<double>>(key);
  store.evict(key);
  if (found != array) {
    std::cerr << "the array came back as another\n";
    return 1;
  }
  std::cout << "proxystore::hdf5 " PROXYSTORE_VERSION " works from outside\n";
}
