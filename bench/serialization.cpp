// What it takes to make bytes of objects and objects of bytes, beside memcpy and bare cereal (raw/serialization.hpp).
//     bench_serialization
#include <benchmark/benchmark.h>

#include <proxystore/proxystore.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "raw/serialization.hpp"
#include "rows.hpp"

using namespace proxystore;

namespace {

struct Particle {  // ten fields
  std::int64_t id = 1;
  double x = 1, y = 2, z = 3, vx = 4, vy = 5, vz = 6, mass = 7;
  std::string species = "deuterium";
  std::vector<double> history = std::vector<double>(16, 1.0);
  template <class Archive>
  void serialize(Archive& archive) {
    archive(id, x, y, z, vx, vy, vz, mass, species, history);
  }
};

/// Rows of how `value` is packed and unpacked, each `n` times, beside the twins.
template <class Pack, class Unpack, class RawPack, class RawUnpack>
void add(bench::Program& program, std::string const& what, int count, double aim, Pack pack, Unpack unpack,
         RawPack raw_pack, RawUnpack raw_unpack) {
  int const n = program.count(count);
  auto const times = [n](auto work) {
    return [=] {
      for (int i = 0; i < n; ++i) benchmark::DoNotOptimize(work());
    };
  };
  auto const each = static_cast<double>(n);
  program.add({.name = what + " to bytes",
               .ours = {times(pack)},
               .twin = {times(raw_pack)},
               .aim = bench::ratio(aim),
               .each = each});
  program.add({.name = what + " from bytes",
               .ours = {times(unpack)},
               .twin = {times(raw_unpack)},
               .aim = bench::ratio(aim),
               .each = each});
}

void add_numbers(bench::Program& program, std::string const& size, std::size_t count, int times) {
  auto const values = std::make_shared<std::vector<double> const>(count, 1.5);
  auto const array = std::make_shared<Array<double>>(Array<double>({count}));
  std::copy(values->begin(), values->end(), array->begin());
  auto const bytes = serialize(*values);
  std::shared_ptr<std::byte[]> const raw_bytes = raw::pack(*values);
  auto const raw_pack = [=] { return raw::pack(*values); };
  auto const raw_unpack = [=] { return raw::unpack(raw_bytes.get(), count); };
  add(
      program, "vector<double>, " + size + ",", times, 1.05, [=] { return serialize(*values); },
      [=] { return deserialize<std::vector<double>>(bytes); }, raw_pack, raw_unpack);
  add(
      program, "Array<double>, " + size + ",", times, 1.05, [=] { return serialize(*array); },
      [=] { return deserialize<Array<double>>(bytes); }, raw_pack, raw_unpack);
}

template <class T>
void add_cereal(bench::Program& program, std::string const& what, int times, T const& made) {
  auto const value = std::make_shared<T const>(made);
  auto const bytes = serialize(*value);
  auto const raw_bytes = raw::archive(*value);
  add(
      program, what, times, 1.05, [=] { return serialize(*value); }, [=] { return deserialize<T>(bytes); },
      [=] { return raw::archive(*value); }, [=] { return raw::unarchive<T>(raw_bytes); });
}

}  // namespace

int main(int argc, char** argv) {
  bench::Program program("serialization", argc, argv);
  add_numbers(program, "1 KiB", 128, 5000);
  add_numbers(program, "64 KiB", 8192, 500);
  add_numbers(program, "16 MiB", std::size_t{1} << 21U, 1);
  add_cereal(program, "struct of 10 fields", 2000, Particle());
  std::map<std::int64_t, double> map;
  for (std::int64_t i = 0; i < 100'000; ++i) map[i] = static_cast<double>(i);
  add_cereal(program, "map of 10^5", 1, map);
  return program.run();
}
