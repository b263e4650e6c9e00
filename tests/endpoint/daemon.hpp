/// An endpoint of the test's own, in a home of its own, on a free port. Ends with the test.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <sys/types.h>

#include <proxystore/connectors/endpoint.hpp>

#include "process.hpp"

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

class Daemon {
 public:
  /// Configures with these options, and starts. Returns when it takes connections.
  explicit Daemon(std::vector<std::string> configure = {}, std::string name = "here");
  /// In a home that others share.
  Daemon(std::shared_ptr<Folder> home, std::vector<std::string> const& configure, std::string name);
  Daemon(Daemon const&) = delete;
  Daemon& operator=(Daemon const&) = delete;

  void start();
  /// At once, as a crash would.
  void kill() { process_.reset(); }
  /// Asks it to stop.
  void terminate() const;
  /// Until it has ended; its exit status.
  int wait() { return process_->wait(); }
  int stop() { return process_->end(); }
  /// Neither answers nor closes.
  void freeze() const;
  void thaw() const;

  std::string const& home() const noexcept { return home_->path(); }
  std::string folder() const { return home() + "/" + name_; }
  std::string const& uuid() const noexcept { return uuid_; }
  int port() const noexcept { return port_; }
  pid_t process() const noexcept { return process_->id(); }
  /// What it has logged.
  std::string log() const { return process_->said(); }

  proxystore::EndpointOptions options() const;
  /// By address, without discovery.
  proxystore::EndpointOptions address() const;
  std::string text() const { return "endpoint:" + uuid_ + "?home=" + home(); }

 private:
  bool launch();

  std::shared_ptr<Folder> const home_;
  std::string const name_;
  std::string uuid_;
  int port_ = 0;
  std::unique_ptr<Process> process_;
};

}  // namespace endpoint_test
