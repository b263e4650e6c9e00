#include "status.hpp"

#include <chrono>
#include <fstream>
#include <sstream>

#include <proxystore/connectors/endpoint.hpp>
#include <proxystore/error.hpp>

namespace proxystore::detail {

std::string name_of(Status status) {
  switch (status) {
    case Status::running: return "RUNNING";
    case Status::stopped: return "STOPPED";
    case Status::unknown: return "UNKNOWN";
    case Status::hanging: return "HANGING";
  }
  return {};
}

std::optional<pid_t> read_pid(std::filesystem::path const& folder) {
  std::ifstream in(pid_file(folder));
  pid_t process = 0;
  return in >> process && process > 0 ? std::optional(process) : std::nullopt;
}

bool is_endpoint_process(pid_t process) {
  std::ifstream in("/proc/" + std::to_string(process) + "/cmdline", std::ios::binary);
  std::stringstream words;
  words << in.rdbuf();
  return words.str().find("proxystore-endpoint") != std::string::npos;
}

bool answers(EndpointConfig const& config) {
  if (!config.host) return false;
  try {
    EndpointConnector const endpoint({.host = *config.host, .port = config.port, .timeout = std::chrono::seconds(2)});
    return endpoint.endpoint() == config.uuid;
  } catch (Error const&) {
    return false;
  }
}

Status status_of(std::filesystem::path const& folder) {
  EndpointConfig config;
  try {
    config = read_config(folder);
  } catch (ConfigError const&) {
    return Status::unknown;
  }
  if (!std::filesystem::exists(pid_file(folder))) return Status::stopped;
  return answers(config) ? Status::running : Status::hanging;
}

}  // namespace proxystore::detail
