/// A program that does what it is told by lines, and answers by lines.
#pragma once

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "rows.hpp"

namespace bench {

class Peer {
 public:
  /// `command` is the shell's. Ends with its input, which is when this does.
  explicit Peer(std::string const& command) {
    int ends[2];
    require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0, "socketpair failed");
    process_ = ::fork();
    require(process_ >= 0, "fork failed");
    if (process_ == 0) {
      ::dup2(ends[1], STDIN_FILENO);
      ::dup2(ends[1], STDOUT_FILENO);
      ::execl("/bin/sh", "sh", "-c", ("exec " + command).c_str(), nullptr);
      ::_exit(127);
    }
    ::close(ends[1]);
    stream_.reset(::fdopen(ends[0], "r+"));
    require(stream_ != nullptr, "fdopen failed");
  }
  Peer(Peer const&) = delete;
  Peer& operator=(Peer const&) = delete;
  ~Peer() {
    stream_.reset();
    ::waitpid(process_, nullptr, 0);
  }

  void tell(std::string const& line) {
    require(std::fprintf(stream_.get(), "%s\n", line.c_str()) > 0 && std::fflush(stream_.get()) == 0,
            "a peer has ended");
  }
  std::string hear() {
    std::string line;
    int c = 0;
    while ((c = std::fgetc(stream_.get())) != '\n') {
      require(c != EOF, "a peer has ended");
      line += static_cast<char>(c);
    }
    return line;
  }
  std::string ask(std::string const& line) {
    tell(line);
    return hear();
  }
  double seconds(std::string const& line) { return std::stod(ask(line)); }

 private:
  struct Close {
    void operator()(std::FILE* stream) const noexcept { std::fclose(stream); }
  };
  pid_t process_ = -1;
  std::unique_ptr<std::FILE, Close> stream_;
};

}  // namespace bench
