// What the file connector costs beside the plain calls that it replaces, in the same run:
//     bench_file [DIRECTORY]      default: the temporary directory
// Medians; the ways take turns. A wake-up is half a round trip between two processes that wait for each other.
#include <proxystore/connectors/file.hpp>
#include <proxystore/proxystore.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <functional>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

using namespace proxystore;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::size_t large = std::size_t{64} << 20U, small = 1024;
constexpr int large_rounds = 21, small_rounds = 3000, round_trips = 3000;

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

void compare(char const* title, int rounds, std::vector<Way> ways) {
  for (int round = 0; round < rounds; ++round)
    for (auto& way : ways) {
      way.prepare();
      auto const start = Clock::now();
      way.run();
      way.seconds.push_back(std::chrono::duration<double>(Clock::now() - start).count());
      way.clean();
    }
  double const raw = median(ways.front().seconds);
  std::printf("%-46s %12s %8s\n", title, "median", "speed");
  for (auto const& way : ways)
    std::printf("  %-44s %9.1f us %8.2f\n", way.name, median(way.seconds) * 1e6, raw / median(way.seconds));
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

void write_file(std::string const& name, void const* data, std::size_t size) {
  auto const temporary = name + ".tmp";
  int const file = checked(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL, 0600), "open");
  if (::write(file, data, size) != static_cast<ssize_t>(size)) give_up("write");
  ::close(file);
  checked(::rename(temporary.c_str(), name.c_str()), "rename");
}

void read_file(std::string const& name, std::byte* data, std::size_t size) {
  int const file = checked(::open(name.c_str(), O_RDONLY), "open");
  if (::read(file, data, size) != static_cast<ssize_t>(size)) give_up("read");
  ::close(file);
}

void puts_and_gets(FileConnector& connector, std::size_t size, int rounds) {
  auto const path = (directory / "raw").string();
  std::vector<std::byte> source(size), target(size);
  fill(source.data(), size);
  Buffer buffer;
  Key key;
  auto const nothing = [] {};
  auto const copied = [&] { buffer = Buffer::copy_of(source); };
  auto const allocated = [&] {
    buffer = connector.allocate(size);
    fill(buffer.data(), size);
  };
  auto const put = [&] { key = connector.put(std::move(buffer)); };
  auto const evict = [&] { connector.evict(key); };
  auto const remove = [&] { ::unlink(path.c_str()); };
  std::printf("%zu bytes\n", size);
  compare(" put what is in memory, and free it", rounds,
          {{"write, rename, free", copied,
            [&] {
              write_file(path, buffer.data(), size);
              buffer = Buffer();
            },
            remove},
           {"put", copied, put, evict},
           {"put what allocate() gave", allocated, put, evict}});
  compare(" allocate, fill, put", rounds,
          {{"fill new memory, write, rename", nothing,
            [&] {
              Buffer memory(size);
              fill(memory.data(), size);
              write_file(path, memory.data(), size);
            },
            remove},
           {"allocate, fill, put", nothing,
            [&] {
              allocated();
              put();
            },
            evict}});
  write_file(path, source.data(), size);
  key = connector.put(Buffer::copy_of(source));
  compare(" get and read all", rounds,
          {{"read into memory at hand", nothing,
            [&] {
              read_file(path, target.data(), size);
              read_all(target.data(), size);
            },
            nothing},
           {"read into new memory", nothing,
            [&] {
              Buffer memory(size);
              read_file(path, memory.data(), size);
              read_all(memory.data(), size);
            },
            nothing},
           {"get", nothing,
            [&] {
              Bytes const object = connector.get(key).value();
              read_all(object.data(), size);
            },
            nothing}});
  remove();
  evict();
}

/// Waits for names in a directory as plainly as can be: blocks in read().
class BareLoop {
 public:
  BareLoop() : queue_(checked(::inotify_init1(IN_CLOEXEC), "inotify")) {
    checked(::inotify_add_watch(queue_, directory.c_str(), IN_CREATE | IN_MOVED_TO), "watch");
  }
  void wait(std::string const& name) {
    while (::access((directory / name).c_str(), F_OK) != 0) {
      alignas(inotify_event) char events[16384];
      if (::read(queue_, events, sizeof events) < 0) give_up("read");
    }
  }

 private:
  int queue_;
};

using Bounce = std::function<void(int turn, bool mine)>;  // makes what the other waits for, or waits

/// Two processes in turn; microseconds one way.
double bounced(Bounce const& bounce) {
  pid_t const other = checked(::fork(), "fork");
  bool const child = other == 0;
  std::vector<double> one_way;
  for (int turn = 0; turn < round_trips; ++turn) {
    auto const start = Clock::now();
    bounce(2 * turn, !child);
    bounce(2 * turn + 1, child);
    one_way.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count() / 2);
  }
  if (child) std::_Exit(0);
  ::waitpid(other, nullptr, 0);
  return median(one_way);
}

void wakes() {
  std::vector<std::byte> const object(8);
  std::vector<Key> keys;
  for (int i = 0; i < 2 * round_trips; ++i) keys.push_back(make_uuid_key());

  struct Sides {  // made after the fork, one for each process
    std::unique_ptr<BareLoop> loop;
    std::unique_ptr<FileConnector> connector;
  } side;
  Bounce const plain = [&](int turn, bool mine) {
    if (!side.loop) side.loop = std::make_unique<BareLoop>();
    auto const name = "plain" + keys[turn].text();
    std::byte got[8];
    if (mine) return write_file((directory / name).string(), object.data(), object.size());
    side.loop->wait(name);
    read_file((directory / name).string(), got, sizeof got);
  };
  Bounce const same_files = [&](int turn, bool mine) {  // what set() does, with nothing around it
    if (!side.loop) side.loop = std::make_unique<BareLoop>();
    auto const name = "same" + keys[turn].text(), marker = name + ".ready", temporary = ".tmp-" + name;
    auto const at = [](std::string const& file) { return (directory / file).string(); };
    std::byte got[8];
    if (!mine) {
      side.loop->wait(marker);
      return read_file(at(name), got, sizeof got);
    }
    int const file = checked(::open(at(temporary).c_str(), O_WRONLY | O_CREAT | O_EXCL, 0600), "open");
    if (::write(file, object.data(), object.size()) < 0) give_up("write");
    ::close(file);
    checked(::link(at(temporary).c_str(), at(name).c_str()), "link");
    ::close(checked(::open(at(marker).c_str(), O_WRONLY | O_CREAT | O_EXCL, 0600), "open"));
    ::unlink(at(temporary).c_str());
  };
  Bounce const future = [&](int turn, bool mine) {
    if (!side.connector) side.connector = std::make_unique<FileConnector>(directory.string());
    if (mine) side.connector->set(keys[turn], Buffer::copy_of(object));
    else if (!side.connector->receive(keys[turn], std::chrono::seconds(10)).object) give_up("receive");
  };
  double raw = 0;
  std::printf("%-46s %12s %8s\n", "8 bytes to a process that waits", "one way", "times");
  struct Row {
    char const* name;
    Bounce const* bounce;
  };
  for (auto const& [name, bounce] : {Row{"inotify loop, write, rename", &plain}, Row{"inotify loop, the connector's files", &same_files},
                                     Row{"set, receive", &future}}) {
    double const took = bounced(*bounce);
    if (raw == 0) raw = took;
    std::printf("  %-44s %9.1f us %8.2f\n", name, took, took / raw);
    side = {};
  }
}

}  // namespace

int main(int argc, char** argv) {
  auto pattern = ((argc > 1 ? std::filesystem::path(argv[1]) : std::filesystem::temp_directory_path()) / "bench_file-XXXXXX").string();
  if (!::mkdtemp(pattern.data())) give_up("mkdtemp");
  directory = pattern;
  wakes();
  FileConnector connector((directory / "objects").string());
  puts_and_gets(connector, large, large_rounds);
  puts_and_gets(connector, small, small_rounds);
  connector.close();
  std::filesystem::remove_all(directory);
}
