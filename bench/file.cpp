// What the file connector takes beside the plain calls that it replaces:
//     bench_file [DIRECTORY]      default: the temporary directory
// A wake-up is half a round trip between two processes that wait for each other.
#include <proxystore/connectors/file.hpp>
#include <proxystore/proxystore.hpp>

#include <sys/wait.h>
#include <unistd.h>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "files.hpp"
#include "raw/file.hpp"

using namespace proxystore;

namespace {

using Bounce = std::function<void(int turn, bool mine)>;  // makes what the other waits for, or waits

/// Two processes in turn; what half a round trip takes.
double bounced(int times, std::function<Bounce()> const& side) {
  pid_t const other = ::fork();
  bench::require(other >= 0, "no process can be made");
  bool const child = other == 0;
  auto const bounce = side();
  bounce(0, !child);  // until the other side is there
  bounce(1, child);
  auto const start = bench::Clock::now();
  for (int turn = 2; turn < 2 * times + 2; turn += 2) {
    bounce(turn, !child);
    bounce(turn + 1, child);
  }
  auto const took = bench::seconds_since(start);
  if (child) std::_Exit(0);
  ::waitpid(other, nullptr, 0);
  return took;
}

void add_wakes(bench::Program& program, bench::Directory const& directory) {
  int const times = program.count(100);
  auto const keys = std::make_shared<std::vector<Key>>();
  auto const prepare = [=] {
    keys->clear();
    for (int i = 0; i < 2 * times + 2; ++i) keys->push_back(make_uuid_key());
  };
  auto const objects = directory.file("wakes");
  std::filesystem::create_directory(objects);
  auto const clear = [=] {
    for (auto const& entry : std::filesystem::directory_iterator(objects)) std::filesystem::remove_all(entry);
  };
  auto const way = [=](std::function<Bounce()> const& side) {
    return bench::Way{{[=] { return bounced(times, side); }}, prepare, clear};
  };
  /// What waits for `ending`, made by `make`.
  auto const plain = [=](std::string const& ending,
                         std::function<void(std::string const&, void const*, std::size_t)> const& make) {
    return way([=]() -> Bounce {
      auto const watch = std::make_shared<raw::Watch>(objects);
      return [=](int turn, bool mine) {
        auto const path = objects + "/" + (*keys)[static_cast<std::size_t>(turn)].text();
        std::byte object[8] = {};
        if (mine) return make(path, object, sizeof object);
        watch->wait(path + ending);
        raw::read_file(path, object, sizeof object);
      };
    });
  };
  auto const future = way([=]() -> Bounce {
    auto const connector = std::make_shared<FileConnector>(objects);
    return [=](int turn, bool mine) {
      std::byte const object[8] = {};
      auto const& key = (*keys)[static_cast<std::size_t>(turn)];
      if (mine) connector->set(key, Buffer::copy_of(object));
      else
        bench::require(connector->receive(key, std::chrono::seconds(10)).object.has_value(), "an object has not come");
    };
  });
  auto const row = [&](char const* name, bench::Way twin) {
    program.add({.name = name, .ours = future, .twin = std::move(twin), .each = 2.0 * times, .repetitions = 11});
  };
  row("files, 8 B to who waits, beside inotify, write, rename",
      plain("",
            [](std::string const& path, void const* data, std::size_t size) { raw::write_file(path, data, size); }));
  row("files, 8 B to who waits, beside the same files", plain(".ready", raw::publish));
}

}  // namespace

int main(int argc, char** argv) {
  bench::Program program("file", argc, argv);
  bench::Directory const directory(argc > 1 ? argv[1] : std::filesystem::temp_directory_path(), "bench_file");
  FileConnector connector(directory.file("objects"));
  add_wakes(program, directory);
  bench::add_large(program, connector, directory, "files", raw::Sync::no);
  bench::add_small(program, connector, directory, "files", raw::Sync::no, {}, {});
  auto const status = program.run();
  connector.close();
  return status;
}
