// The library's own instructions: what objects cost as bytes, and the paths over the local connector.
//     valgrind --tool=callgrind … guard_local, by bench/guard/check
#include <proxystore/connectors/local.hpp>

#include <filesystem>
#include <map>

#include <cereal/types/map.hpp>
#include <cereal/types/string.hpp>

#include "paths.hpp"

namespace {

using namespace guard;

struct Particle {
  double x = 1, y = 2, z = 3, u = 4, v = 5, w = 6, mass = 7;
  int kind = 8, cell = 9;
  std::string name = "electron";
  template <class Archive>
  void serialize(Archive& archive) {
    archive(x, y, z, u, v, w, mass, kind, cell, name);
  }
};

template <class T>
void as_bytes(Meter const& meter, std::string const& what, T const& object) {
  std::vector<Bytes> bytes(calls);
  meter.count("serialize " + what, [&](std::size_t i) { bytes[i] = serialize(object); });
  meter.count("deserialize " + what, [&](std::size_t i) { use(deserialize<T>(bytes[i])); });
}

void serialization() {
  std::map<std::string, double> table;
  for (int i = 0; i < 16; ++i) table["quantity " + std::to_string(i)] = i;
  auto store = open("serialization", std::make_unique<LocalConnector>());
  Array<double> array({8, 8});
  for (auto& value : array.span()) value = 1;
  twice([&](Meter const& meter) {
    as_bytes(meter, "double", 2.5);
    as_bytes(meter, "string of 64", std::string(64, 'x'));
    as_bytes(meter, "vector<double> of 64", std::vector<double>(64, 2.5));
    as_bytes(meter, "Array<double> of 8 x 8", array);
    as_bytes(meter, "struct of 10 fields", Particle());
    as_bytes(meter, "map of 16", table);
    as_bytes(meter, "proxy", store.proxy_from_key<double>(Key("1")));
    as_bytes(meter, "future", store.future<double>());
  });
}

/// What it takes to be seen, and that it takes nothing where it is off.
void seen() {
  auto const file = (std::filesystem::temp_directory_path() / (make_uuid_key().text() + ".json")).string();
  {
    auto const open = [](char const* name, StoreOptions options) {
      options.cache_objects = 0;
      return Store::open(name, std::make_unique<LocalConnector>(), std::move(options));
    };
    auto plain = open("plain", {}), metered = open("metered", {.metrics = Metering::kept});
    auto traced = open("traced", {.trace = file});
    auto const life = [](Store& store) {
      return [&store](std::size_t) {
        auto const future = store.future<double>();
        future.set_result(2.5);
        use(future.result());
        store.evict(future.key());
      };
    };
    twice([&](Meter const& meter) {
      meter.count("the life of a future", life(plain));
      meter.count("the life of a future, with metrics", life(metered));
      meter.count("the life of a future, with a trace", life(traced));
    });
  }
  std::filesystem::remove(file);
}

}  // namespace

int main() {
  serialization();
  seen();
  paths("local", [] { return std::make_unique<LocalConnector>(); });
}
