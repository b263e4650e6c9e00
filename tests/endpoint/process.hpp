/// proxystore-endpoint as a child of the test, with all it says. Ends with the test.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <sys/types.h>

namespace endpoint_test {

class Process {
 public:
  /// With PROXYSTORE_HOME=home.
  Process(std::string const& home, std::vector<std::string> arguments);
  /// Kills it.
  ~Process();
  Process(Process const&) = delete;
  Process& operator=(Process const&) = delete;

  /// All it has said so far on stdout and stderr.
  std::string said() const;
  /// Returns when it has said `text`, or has ended: what it has said.
  std::string until(std::string_view text);
  void signal(int number) const;
  void freeze() const;  ///< Returns when it stands still.
  /// Until it has ended; its exit status.
  int wait();
  /// Asks it to end.
  int end();
  pid_t id() const noexcept { return id_; }

 private:
  pid_t id_ = -1;
  mutable std::mutex mutex_;  // of what follows
  std::condition_variable more_;
  std::string said_;
  bool silent_ = false;
  std::jthread reader_;  // so that it is never held up by what it says
};

struct Ran {
  int status;
  std::string output;  ///< stdout and stderr
};
/// Runs it to its end.
Ran run(std::string const& home, std::vector<std::string> const& arguments);

}  // namespace endpoint_test
