/// Rows of objects that are kept as files.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include <proxystore/connector.hpp>

#include "raw/posix.hpp"
#include "rows.hpp"

namespace bench {

/// A directory of its own below `parent`, removed at the end.
class Directory {
 public:
  Directory(std::filesystem::path const& parent, std::string const& name) {
    auto pattern = (parent / (name + "-XXXXXX")).string();
    require(::mkdtemp(pattern.data()) != nullptr, "no directory can be made");
    path_ = pattern;
  }
  ~Directory() { std::filesystem::remove_all(path_); }
  Directory(Directory const&) = delete;
  Directory& operator=(Directory const&) = delete;
  std::string file(std::string const& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

inline void fill(std::byte* memory, std::size_t size) {
  auto* const values = reinterpret_cast<double*>(memory);
  std::iota(values, values + size / sizeof(double), 0.0);
}

inline void read_all(std::byte const* memory, std::size_t size) {
  auto const* const values = reinterpret_cast<double const*>(memory);
  benchmark::DoNotOptimize(std::accumulate(values, values + size / sizeof(double), 0.0));
}

/// Rows for one large object, put and got. `connector` and `directory` outlive the program's run.
inline void add_large(Program& program, proxystore::Connector& connector, Directory const& directory,
                      std::string const& medium, raw::Sync sync) {
  using proxystore::Buffer;
  constexpr std::size_t size = std::size_t{64} << 20U;
  struct State {
    std::string path;
    std::vector<std::byte> source, target;
    Buffer buffer;
    proxystore::Key key;
  };
  auto const all = std::make_shared<State>();
  all->path = directory.file("raw");
  all->source.resize(size);
  all->target.resize(size);
  fill(all->source.data(), size);
  auto const copied = [=] { all->buffer = Buffer::copy_of(all->source); };
  auto const put = [=, &connector] { all->key = connector.put(std::move(all->buffer)); };
  auto const evict = [=, &connector] { connector.evict(all->key); };
  auto const write = [=] {
    raw::write_file(all->path, all->buffer.data(), size, sync);
    all->buffer = Buffer();
  };
  auto const remove = [=] { raw::remove_file(all->path); };
  auto const row = [&](std::string const& name, Way ours, Way twin, Aim aim) {
    program.add({.name = medium + ", 64 MiB, " + name,
                 .ours = std::move(ours),
                 .twin = std::move(twin),
                 .unit = "ms",
                 .aim = aim,
                 .repetitions = 11});
  };
  row("put what lies in memory", {{put}, copied, evict}, {{write}, copied, remove}, ratio(1.05));
  row("allocated, filled and put",
      {{[=, &connector] {
         all->buffer = connector.allocate(size);
         fill(all->buffer.data(), size);
         put();
       }},
       {},
       evict},
      {{[=] {
         all->buffer = Buffer(size);
         fill(all->buffer.data(), size);
         write();
       }},
       {},
       remove},
      ratio(1.05));
  auto const there = [=] {
    copied();
    put();
  };
  row("got and read", {{[=, &connector] { read_all(connector.get(all->key).value().data(), size); }}, there, evict},
      {{[=] {
         Buffer memory(size);
         raw::read_file(all->path, memory.data(), size);
         read_all(memory.data(), size);
       }},
       [=] { raw::write_file(all->path, all->source.data(), size); },
       remove},
      ratio(1.05));
}

/// Rows for objects of 1 KiB beside a file each.
inline void add_small(Program& program, proxystore::Connector& connector, Directory const& directory,
                      std::string const& medium, raw::Sync sync, Aim puts, Aim gets) {
  using proxystore::Buffer;
  constexpr std::size_t size = 1024;
  int const objects = program.count(200);
  struct State {
    std::vector<std::byte> source = std::vector<std::byte>(size), target = std::vector<std::byte>(size);
    std::vector<proxystore::Key> keys;
  };
  auto const all = std::make_shared<State>();
  fill(all->source.data(), size);
  auto const each = [=](auto work) {
    for (int i = 0; i < objects; ++i) work(i);
  };
  auto const path = [&directory](int i) { return directory.file("raw" + std::to_string(i)); };
  auto const put = [=, &connector] {
    each([&](int) { all->keys.push_back(connector.put(Buffer::copy_of(all->source))); });
  };
  auto const put_batch = [=, &connector] {
    std::vector<Buffer> buffers;
    each([&](int) { buffers.push_back(Buffer::copy_of(all->source)); });
    all->keys = connector.put_batch(std::move(buffers));
  };
  auto const evict = [=, &connector] {
    for (auto const& key : all->keys) connector.evict(key);
    all->keys.clear();
  };
  auto const write = [=] { each([&](int i) { raw::write_file(path(i), all->source.data(), size, sync); }); };
  auto const remove = [=] { each([&](int i) { raw::remove_file(path(i)); }); };
  auto const read = [=] { each([&](int i) { raw::read_file(path(i), all->target.data(), size); }); };
  auto const get = [=, &connector] {
    for (auto const& key : all->keys) read_all(connector.get(key).value().data(), size);
  };
  auto const row = [&](std::string const& name, Way ours, Way twin, Aim aim) {
    program.add({.name = medium + ", 1 KiB, " + name,
                 .ours = std::move(ours),
                 .twin = std::move(twin),
                 .aim = aim,
                 .each = static_cast<double>(objects),
                 .repetitions = 11});
  };
  row("put", {{put}, {}, evict}, {{write}, {}, remove}, puts);
  row("put in one batch", {{put_batch}, {}, evict}, {{write}, {}, remove}, puts);
  row("got", {{get}, put, evict}, {{read}, write, remove}, gets);
}

}  // namespace bench
