/// Another process on the same directory, spoken to by lines.
#pragma once

#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdexcept>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace file_test {

class Peer {
 public:
  /// Started and open when the constructor returns. `environment`: NAME=VALUE, besides this process's.
  explicit Peer(std::string const& directory, std::vector<std::string> environment = {}) {
    std::signal(SIGPIPE, SIG_IGN);  // a peer that is gone is an error of write()
    int in[2], out[2];
    if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0) throw std::runtime_error("no pipes");
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, in[0], 0);
    posix_spawn_file_actions_adddup2(&files, out[1], 1);
    std::string program = PROXYSTORE_FILE_PEER, argument = directory;
    char* arguments[] = {program.data(), argument.data(), nullptr};
    std::vector<char*> variables;
    for (auto& variable : environment) variables.push_back(variable.data());
    for (char** variable = environ; *variable; ++variable) variables.push_back(*variable);
    variables.push_back(nullptr);
    int const error = posix_spawn(&pid_, program.c_str(), &files, nullptr, arguments, variables.data());
    posix_spawn_file_actions_destroy(&files);
    ::close(in[0]);
    ::close(out[1]);
    to_ = in[1];
    from_ = out[0];
    if (error != 0) throw std::runtime_error("cannot start " + program);
    if (hear() != "ready") throw std::runtime_error("the peer did not open " + directory);
  }
  Peer(Peer const&) = delete;
  Peer& operator=(Peer const&) = delete;
  ~Peer() {
    ::close(to_);
    ::close(from_);
    if (pid_ > 0) ::waitpid(pid_, nullptr, 0);
  }

  std::string ask(std::string const& command) {
    tell(command);
    return hear();
  }
  void tell(std::string const& command) {
    auto const line = command + '\n';
    if (::write(to_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) ADD_FAILURE() << "peer is gone";
  }
  /// The next line; what there is of it if the peer ends or says nothing for long.
  std::string hear() {
    for (;;) {
      if (auto const end = heard_.find('\n'); end != std::string::npos) {
        auto line = heard_.substr(0, end);
        heard_.erase(0, end + 1);
        return line;
      }
      pollfd waiting{from_, POLLIN, 0};
      char text[4096];
      ssize_t const count = ::poll(&waiting, 1, 50'000) == 1 ? ::read(from_, text, sizeof text) : 0;
      if (count <= 0) return std::exchange(heard_, {});
      heard_.append(text, static_cast<std::size_t>(count));
    }
  }
  void kill() {
    ::kill(pid_, SIGKILL);
    ::waitpid(std::exchange(pid_, -1), nullptr, 0);
  }

 private:
  pid_t pid_ = -1;
  int to_ = -1, from_ = -1;
  std::string heard_;
};

}  // namespace file_test
