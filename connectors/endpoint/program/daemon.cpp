#include "daemon.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <memory>
#include <system_error>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <proxystore/detail/descriptor.hpp>
#include <proxystore/error.hpp>

#include "objects.hpp"
#include "server.hpp"
#include "status.hpp"

namespace proxystore::detail {
namespace {

namespace fs = std::filesystem;

/// daemon.pid, while this lives. Throws ConnectorError if there is one.
class PidFile {
 public:
  explicit PidFile(fs::path const& folder) : file_(pid_file(folder)) {
    Descriptor const out(open(file_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    auto const text = std::to_string(getpid()) + "\n";
    if (out.get() < 0 || write(out.get(), text.data(), text.size()) < 0)
      throw ConnectorError("cannot write " + file_.string() + " (" + std::generic_category().message(errno) + ")");
  }
  ~PidFile() { unlink(file_.c_str()); }
  PidFile(PidFile const&) = delete;
  PidFile& operator=(PidFile const&) = delete;

 private:
  fs::path const file_;
};

/// As many connections as the system allows.
std::size_t raise_descriptors() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  getrlimit(RLIMIT_NOFILE, &limit);
  constexpr rlim_t others = 64, most = 100'000;
  return static_cast<std::size_t>(std::clamp<rlim_t>(limit.rlim_cur, others + 1, most) - others);
}

/// `ready` is called when it takes connections.
template <class Ready>
void serve_here(EndpointConfig const& config, fs::path const& folder, ServerLog& log, Ready const& ready) {
  auto storage = config.database ? make_database_storage(*config.database) : make_memory_storage();
  log(Level::info, "objects are kept in " + storage->describe());
  Objects objects(std::move(storage), config.database ? Objects::Storing::on_disk : Objects::Storing::in_memory);
  auto const threads = std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, 4);
  Server server(config, {.connections = raise_descriptors(), .threads = threads}, objects, log);
  write_config(config, folder);
  PidFile const running(folder);
  ready();
  server.run();
  log(Level::info, "endpoint '" + config.name + "' has stopped");
}

/// The rest of a child that has been forked: serves, and says on `news` that it does, or why not.
[[noreturn]] void become_daemon(EndpointConfig const& config, fs::path const& folder, Descriptor& news, Level level) {
  setsid();
  umask(0077);
  if (chdir(folder.c_str()) != 0) _exit(1);
  int const nothing = open("/dev/null", O_RDWR);
  for (int const standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(nothing, standard);
  Descriptor const file(open("log.txt", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  ServerLog log({file.get()}, level);
  auto const tell = [&](std::string const& text) {
    if (write(news.get(), text.data(), text.size()) < 0) log(Level::error, "who started the endpoint is gone");
    news.close();
  };
  try {
    serve_here(config, folder, log, [&] { tell("+"); });
  } catch (std::exception const& error) {
    log(Level::error, error.what());
    tell(error.what());
    _exit(1);
  }
  _exit(0);
}

}  // namespace

void serve(EndpointConfig const& config, fs::path const& folder, Detach detach, Level level) {
  if (detach == Detach::no) {
    Descriptor const file(open((folder / "log.txt").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    ServerLog log({STDERR_FILENO, file.get()}, level);
    return serve_here(config, folder, log, [] {});
  }
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
  Descriptor hear(ends[0]), news(ends[1]);
  auto const child = fork();
  if (child < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (child == 0) {
    hear.close();
    become_daemon(config, folder, news, level);
  }
  news.close();
  std::string text;
  std::array<char, 512> some{};
  for (ssize_t n = 0; (n = read(hear.get(), some.data(), some.size())) > 0;)
    text.append(some.data(), static_cast<std::size_t>(n));
  if (text == "+") return;
  waitpid(child, nullptr, 0);
  throw ConnectorError(text.empty() ? "the endpoint died while it started; see " + (folder / "log.txt").string()
                                    : text);
}

}  // namespace proxystore::detail
