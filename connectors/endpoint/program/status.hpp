#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include <sys/types.h>

#include "home.hpp"

namespace proxystore::detail {

enum class Status {
  running,  ///< answers, with its UUID
  stopped,  ///< has no daemon.pid
  unknown,  ///< has no folder, or no configuration that can be read
  hanging,  ///< has a daemon.pid, but no process of that number here, or one that does not answer
};
std::string name_of(Status status);

inline std::filesystem::path pid_file(std::filesystem::path const& folder) { return folder / "daemon.pid"; }
std::optional<pid_t> read_pid(std::filesystem::path const& folder);
/// Whether that process exists and is an endpoint: numbers are given again.
bool is_endpoint_process(pid_t process);
bool answers(EndpointConfig const& config);
Status status_of(std::filesystem::path const& folder);

}  // namespace proxystore::detail
