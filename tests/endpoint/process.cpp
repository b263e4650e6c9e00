#include "process.hpp"

#include <array>
#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <utility>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace endpoint_test {
namespace {

[[noreturn]] void become(std::string const& home, std::vector<std::string> words, int output) {
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

}  // namespace

Process::Process(std::string const& home, std::vector<std::string> arguments) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  id_ = fork();
  if (id_ == 0) become(home, std::move(arguments), ends[1]);
  close(ends[1]);
  reader_ = std::jthread([this, fd = ends[0]] {
    std::array<char, 4096> some{};
    for (ssize_t n = 0; (n = read(fd, some.data(), some.size())) > 0;) {
      std::lock_guard lock(mutex_);
      said_.append(some.data(), static_cast<std::size_t>(n));
      more_.notify_all();
    }
    close(fd);
    std::lock_guard lock(mutex_);
    silent_ = true;
    more_.notify_all();
  });
}

Process::~Process() {
  signal(SIGKILL);
  wait();
}

std::string Process::said() const {
  std::lock_guard lock(mutex_);
  return said_;
}

std::string Process::until(std::string_view text) {
  std::unique_lock lock(mutex_);
  more_.wait(lock, [&] { return silent_ || said_.find(text) != said_.npos; });
  return said_;
}

void Process::signal(int number) const {
  if (id_ > 0) kill(id_, number);
}

void Process::freeze() const {
  signal(SIGSTOP);
  siginfo_t stopped{};
  waitid(P_PID, static_cast<id_t>(id_), &stopped, WSTOPPED | WNOWAIT);
}

int Process::wait() {
  if (id_ <= 0) return -1;
  int status = 0;
  waitpid(std::exchange(id_, -1), &status, 0);
  reader_.join();
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int Process::end() {
  signal(SIGTERM);
  return wait();
}

Ran run(std::string const& home, std::vector<std::string> const& arguments) {
  Process process(home, arguments);
  int const status = process.wait();
  return {status, process.said()};
}

}  // namespace endpoint_test
