// What the parallel-file connector costs beside the plain calls that it replaces, in the same run:
//     bench_parallel_file [DIRECTORY [OPTIONS]]     default: the temporary directory; OPTIONS: ?fsync=yes
// One rank. Medians of rounds in which the ways take turns; 1 KiB objects in rounds of a thousand.
#include <proxystore/mpi/mpi.hpp>
#include <proxystore/proxystore.hpp>

#include <fcntl.h>
#include <unistd.h>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

using namespace proxystore;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::size_t large = std::size_t{64} << 20U, small = 1024;
constexpr int large_rounds = 21, small_rounds = 15, objects = 1000;

std::filesystem::path directory;

[[noreturn]] void give_up(char const* what) {
  std::perror(what);
  std::exit(1);
}

int checked(int result, char const* what) { return result < 0 ? give_up(what), 0 : result; }

struct Way {
  char const* name;
  std::function<void()> prepare, run, clean;
  std::vector<double> seconds{};
};

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

void compare(char const* title, int rounds, int each, std::vector<Way> ways) {
  for (int round = 0; round < rounds; ++round)
    for (auto& way : ways) {
      way.prepare();
      auto const start = Clock::now();
      way.run();
      way.seconds.push_back(std::chrono::duration<double>(Clock::now() - start).count() / each);
      way.clean();
    }
  double const raw = median(ways.front().seconds);
  std::printf("%-46s %12s %8s\n", title, "median", "speed");
  for (auto const& way : ways)
    std::printf("  %-44s %9.2f us %8.2f\n", way.name, median(way.seconds) * 1e6, raw / median(way.seconds));
}

void fill(std::byte* memory, std::size_t size) {
  auto* const values = reinterpret_cast<double*>(memory);
  for (std::size_t i = 0; i < size / sizeof(double); ++i) values[i] = static_cast<double>(i);
}

double volatile seen;
void read_all(std::byte const* memory, std::size_t size) {
  auto const* const values = reinterpret_cast<double const*>(memory);
  double sum = 0;
  for (std::size_t i = 0; i < size / sizeof(double); ++i) sum += values[i];
  seen = sum;
}

std::string path_of(int i) { return (directory / ("raw" + std::to_string(i))).string(); }

void write_file(std::string const& name, void const* data, std::size_t size, bool durable) {
  auto const temporary = name + ".tmp";
  int const file = checked(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL, 0600), "open");
  if (::write(file, data, size) != static_cast<ssize_t>(size)) give_up("write");
  if (durable) checked(::fdatasync(file), "fdatasync");
  ::close(file);
  checked(::rename(temporary.c_str(), name.c_str()), "rename");
}

void read_file(std::string const& name, std::byte* data, std::size_t size) {
  int const file = checked(::open(name.c_str(), O_RDONLY), "open");
  if (::read(file, data, size) != static_cast<ssize_t>(size)) give_up("read");
  ::close(file);
}

void large_objects(Connector& connector, bool durable) {
  std::vector<std::byte> source(large), target(large);
  fill(source.data(), large);
  Buffer buffer;
  Key key;
  auto const nothing = [] {};
  auto const copied = [&] { buffer = Buffer::copy_of(source); };
  auto const allocated = [&] {
    buffer = connector.allocate(large);
    fill(buffer.data(), large);
  };
  auto const put = [&] { key = connector.put(std::move(buffer)); };
  auto const evict = [&] { connector.evict(key); };
  auto const remove = [&] { ::unlink(path_of(0).c_str()); };
  std::printf("64 MiB\n");
  compare(" put what is in memory, and free it", large_rounds, 1,
          {{"write, rename, free", copied,
            [&] {
              write_file(path_of(0), buffer.data(), large, durable);
              buffer = Buffer();
            },
            remove},
           {"put", copied, put, evict},
           {"put what allocate() gave", allocated, put, evict}});
  compare(" allocate, fill, put", large_rounds, 1,
          {{"fill new memory, write, rename", nothing,
            [&] {
              Buffer memory(large);
              fill(memory.data(), large);
              write_file(path_of(0), memory.data(), large, durable);
            },
            remove},
           {"allocate, fill, put", nothing,
            [&] {
              allocated();
              put();
            },
            evict}});
  write_file(path_of(0), source.data(), large, durable);
  key = connector.put(Buffer::copy_of(source));
  compare(" get and read all", large_rounds, 1,
          {{"read into memory at hand", nothing,
            [&] {
              read_file(path_of(0), target.data(), large);
              read_all(target.data(), large);
            },
            nothing},
           {"read into new memory", nothing,
            [&] {
              Buffer memory(large);
              read_file(path_of(0), memory.data(), large);
              read_all(memory.data(), large);
            },
            nothing},
           {"get", nothing,
            [&] {
              Bytes const object = connector.get(key).value();
              read_all(object.data(), large);
            },
            nothing}});
  remove();
  evict();
}

void small_objects(Connector& connector, bool durable) {
  std::vector<std::byte> source(small), target(small);
  fill(source.data(), small);
  std::vector<Key> keys;
  auto const nothing = [] {};
  auto const evict = [&] {
    for (auto const& key : keys) connector.evict(key);
    keys.clear();
  };
  auto const write = [&] {
    for (int i = 0; i < objects; ++i) write_file(path_of(i), source.data(), small, durable);
  };
  auto const put = [&] {
    for (int i = 0; i < objects; ++i) keys.push_back(connector.put(Buffer::copy_of(source)));
  };
  auto const put_batch = [&] {
    std::vector<Buffer> all;
    for (int i = 0; i < objects; ++i) all.push_back(Buffer::copy_of(source));
    keys = connector.put_batch(std::move(all));
  };
  auto const remove = [&] {
    for (int i = 0; i < objects; ++i) ::unlink(path_of(i).c_str());
  };
  std::printf("1 KiB, each of %d\n", objects);
  compare(" put", small_rounds, objects,
          {{"a file each: write, rename", nothing, write, remove},
           {"put", nothing, put, evict},
           {"put_batch", nothing, put_batch, evict}});
  write();
  put();
  compare(" get", small_rounds, objects,
          {{"a file each: open, read", nothing,
            [&] {
              for (int i = 0; i < objects; ++i) read_file(path_of(i), target.data(), small);
            },
            nothing},
           {"get", nothing,
            [&] {
              for (auto const& key : keys) read_all(connector.get(key).value().data(), small);
            },
            nothing}});
  remove();
  evict();
}

}  // namespace

int main(int argc, char** argv) {
  mpi::Scope const mpi(argc, argv);
  auto const parent = argc > 1 ? std::filesystem::path(argv[1]) : std::filesystem::temp_directory_path();
  std::string const options = argc > 2 ? argv[2] : "";
  auto pattern = (parent / "bench_parallel_file-XXXXXX").string();
  if (!::mkdtemp(pattern.data())) give_up("mkdtemp");
  directory = pattern;
  bool const durable = options.find("fsync=yes") != std::string::npos;
  auto const connector = mpi::connect(MPI_COMM_SELF, "parallel-file:" + (directory / "store").string() + options);
  small_objects(*connector, durable);
  large_objects(*connector, durable);
  connector->close();
  std::filesystem::remove_all(directory);
}
