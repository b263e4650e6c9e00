#include "daemon.hpp"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace endpoint_test {
namespace {

namespace fs = std::filesystem;

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

Daemon::Daemon(std::vector<std::string> configure, std::string name)
    : Daemon(std::make_shared<Folder>(), configure, std::move(name)) {}

Daemon::Daemon(std::shared_ptr<Folder> home, std::vector<std::string> const& configure, std::string name)
    : home_(std::move(home)), name_(std::move(name)) {
  for (int tries = 0; tries < 20; ++tries) {  // another program may take the port before it starts
    fs::remove_all(folder());
    std::vector<std::string> words{"configure", name_};
    words.insert(words.end(), configure.begin(), configure.end());
    if (auto const ran = run(this->home(), words); ran.status != 0) throw std::runtime_error(ran.output);
    uuid_ = value_in(folder() + "/config.toml", "uuid");
    port_ = std::stoi(value_in(folder() + "/config.toml", "port"));
    if (launch()) return;
  }
  throw std::runtime_error("no endpoint starts: " + log());
}

bool Daemon::launch() {
  process_ = std::make_unique<Process>(home(), std::vector<std::string>{"start", name_, "--no-detach"});
  return process_->until("serves on").find("serves on") != std::string::npos;
}

void Daemon::start() {
  if (!launch()) throw std::runtime_error("the endpoint does not start again: " + log());
}

void Daemon::terminate() const { process_->signal(SIGTERM); }
void Daemon::freeze() const { process_->freeze(); }
void Daemon::thaw() const { process_->signal(SIGCONT); }

proxystore::EndpointOptions Daemon::options() const { return {.endpoints = {uuid_}, .home = home()}; }
proxystore::EndpointOptions Daemon::address() const { return {.host = "127.0.0.1", .port = port_}; }

}  // namespace endpoint_test
