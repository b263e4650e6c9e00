/// A proxystore-endpoint of the test's own, in a home of its own, on a free port. Ends with the test.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <sys/types.h>

#include <proxystore/connectors/endpoint.hpp>

namespace endpoint_test {

/// A folder that goes away with this.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(Folder const&) = delete;
  Folder& operator=(Folder const&) = delete;
  std::string const& path() const noexcept { return path_; }

 private:
  std::string path_;
};

struct Ran {
  int status;
  std::string output;  ///< stdout and stderr
};
/// Runs proxystore-endpoint with PROXYSTORE_HOME=home to its end.
Ran run(std::string const& home, std::vector<std::string> const& arguments);

class Daemon {
 public:
  /// Configures with these options, and starts. Returns when it takes connections.
  explicit Daemon(std::vector<std::string> configure = {}, std::string name = "here");
  /// In a home that others share.
  Daemon(std::shared_ptr<Folder> home, std::vector<std::string> configure, std::string name);
  ~Daemon();
  Daemon(Daemon const&) = delete;
  Daemon& operator=(Daemon const&) = delete;

  void start();
  /// At once, as a crash would.
  void kill();
  /// Asks it to stop.
  void terminate() const;
  /// Until it has ended; its exit status.
  int wait();
  int stop() {
    terminate();
    return wait();
  }
  /// Neither answers nor closes.
  void freeze() const;
  void thaw() const;

  std::string const& home() const noexcept { return home_->path(); }
  std::string folder() const { return home() + "/" + name_; }
  std::string const& uuid() const noexcept { return uuid_; }
  int port() const noexcept { return port_; }
  pid_t process() const noexcept { return process_; }
  /// What it has logged.
  std::string log() const;

  proxystore::EndpointOptions options() const;
  /// By address, without discovery.
  proxystore::EndpointOptions address() const;
  std::string text() const { return "endpoint:" + uuid_ + "?home=" + home(); }

 private:
  bool launch();

  std::shared_ptr<Folder> const home_;
  std::vector<std::string> const configure_;
  std::string const name_;
  std::string uuid_;
  int port_ = 0;
  pid_t process_ = -1;
  mutable std::mutex mutex_;
  std::condition_variable said_;
  std::string log_;
  bool ended_ = false;   // the log
  std::jthread reader_;  // of its log, so that it is never held up by it
};

}  // namespace endpoint_test
