#include "daemon.hpp"

#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <utility>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace endpoint_test {
namespace {

namespace fs = std::filesystem;

/// A child that runs the program, with stdout and stderr in `output`.
pid_t begin(std::string const& home, std::vector<std::string> words, int output) {
  auto const child = fork();
  if (child != 0) return child;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  setenv("PROXYSTORE_HOME", home.c_str(), 1);
  words.insert(words.begin(), "proxystore-endpoint");
  std::vector<char*> arguments;
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  execv(PROXYSTORE_ENDPOINT_PROGRAM, arguments.data());
  _exit(127);
}

std::array<int, 2> make_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  return ends;
}

int status_of(pid_t process) {
  int status = 0;
  waitpid(process, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// The value of `name = …` in a config.toml.
std::string value_in(std::string const& file, std::string const& name) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);)
    if (line.starts_with(name + " = ")) {
      auto const value = line.substr(name.size() + 3);
      return value.front() == '"' || value.front() == '\'' ? value.substr(1, value.size() - 2) : value;
    }
  throw std::runtime_error("no " + name + " in " + file);
}

}  // namespace

Folder::Folder() {
  auto pattern = (fs::temp_directory_path() / "endpoint.XXXXXX").string();
  if (!mkdtemp(pattern.data())) throw std::runtime_error("no folder for an endpoint");
  path_ = pattern;
}

Folder::~Folder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

Ran run(std::string const& home, std::vector<std::string> const& arguments) {
  auto const ends = make_pipe();
  auto const process = begin(home, arguments, ends[1]);
  close(ends[1]);
  Ran ran{0, {}};
  std::array<char, 4096> some{};
  for (ssize_t n = 0; (n = read(ends[0], some.data(), some.size())) > 0;)
    ran.output.append(some.data(), static_cast<std::size_t>(n));
  close(ends[0]);
  ran.status = status_of(process);
  return ran;
}

Daemon::Daemon(std::vector<std::string> configure, std::string name)
    : Daemon(std::make_shared<Folder>(), std::move(configure), std::move(name)) {}

Daemon::Daemon(std::shared_ptr<Folder> home, std::vector<std::string> configure, std::string name)
    : home_(std::move(home)), configure_(std::move(configure)), name_(std::move(name)) {
  for (int tries = 0; tries < 20; ++tries) {  // another program may take the port before it starts
    fs::remove_all(folder());
    std::vector<std::string> words{"configure", name_};
    words.insert(words.end(), configure_.begin(), configure_.end());
    if (auto const ran = run(this->home(), words); ran.status != 0) throw std::runtime_error(ran.output);
    uuid_ = value_in(folder() + "/config.toml", "uuid");
    port_ = std::stoi(value_in(folder() + "/config.toml", "port"));
    if (launch()) return;
  }
  throw std::runtime_error("no endpoint starts: " + log());
}

Daemon::~Daemon() { kill(); }

bool Daemon::launch() {
  auto const ends = make_pipe();
  log_.clear();
  ended_ = false;
  process_ = begin(home(), {"start", name_, "--no-detach"}, ends[1]);
  close(ends[1]);
  reader_ = std::jthread([this, fd = ends[0]] {
    std::array<char, 4096> some{};
    for (ssize_t n = 0; (n = read(fd, some.data(), some.size())) > 0;) {
      std::lock_guard lock(mutex_);
      log_.append(some.data(), static_cast<std::size_t>(n));
      said_.notify_all();
    }
    close(fd);
    std::lock_guard lock(mutex_);
    ended_ = true;
    said_.notify_all();
  });
  std::unique_lock lock(mutex_);
  said_.wait(lock, [this] { return ended_ || log_.find("serves on") != log_.npos; });
  if (log_.find("serves on") != log_.npos) return true;
  lock.unlock();
  wait();
  return false;
}

void Daemon::start() {
  if (!launch()) throw std::runtime_error("the endpoint does not start again: " + log());
}

int Daemon::wait() {
  if (process_ <= 0) return -1;
  int const status = status_of(std::exchange(process_, -1));
  if (reader_.joinable()) reader_.join();
  return status;
}

void Daemon::kill() {
  if (process_ > 0) ::kill(process_, SIGKILL);
  wait();
}

void Daemon::terminate() const { ::kill(process_, SIGTERM); }
void Daemon::freeze() const { ::kill(process_, SIGSTOP); }
void Daemon::thaw() const { ::kill(process_, SIGCONT); }

std::string Daemon::log() const {
  std::lock_guard lock(mutex_);
  return log_;
}

proxystore::EndpointOptions Daemon::options() const { return {.endpoints = {uuid_}, .home = home()}; }
proxystore::EndpointOptions Daemon::address() const { return {.host = "127.0.0.1", .port = port_}; }

}  // namespace endpoint_test
