#include "commands.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <iostream>
#include <memory>
#include <random>
#include <system_error>

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <proxystore/error.hpp>
#include <proxystore/key.hpp>

#include "daemon.hpp"
#include "home.hpp"
#include "remotes.hpp"
#include "status.hpp"

namespace proxystore::detail {
namespace {

namespace fs = std::filesystem;

constexpr int patience = 20'000;  // ms, for a process that has been told to stop

int complain(std::string const& text) {
  std::cerr << "proxystore-endpoint: " << text << '\n';
  return 1;
}

std::string named(std::string const& name) { return "endpoint '" + name + "'"; }

int no_such(std::string const& name, fs::path const& home) {
  return complain("there is no " + named(name) + " in " + home.string() +
                  "; proxystore-endpoint list shows those that are");
}

/// From the range that Python ProxyStore takes, and free now.
int choose_port() {
  std::random_device random;
  for (int tries = 0; tries < 100; ++tries) {
    int const port = std::uniform_int_distribution<int>(10 * 1024, 20 * 1024)(random);
    int const probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    bool const free = bind(probe, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    close(probe);
    if (free) return port;
  }
  throw ConnectorError("no free port was found from 10240 to 20480; give one with --port");
}

/// Where an endpoint of that host_type listens on this machine.
std::string look_up_host(EndpointConfig const& config) {
  if (config.host_type == "static") {
    if (!config.host) throw ConfigError("config.toml has host_type 'static' and no host; add one, or write ip or fqdn");
    return *config.host;
  }
  std::array<char, 256> name{};
  gethostname(name.data(), name.size() - 1);
  addrinfo hints{};
  hints.ai_family = AF_INET;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_CANONNAME;
  addrinfo* found = nullptr;
  if (int const error = getaddrinfo(name.data(), nullptr, &hints, &found); error != 0)
    throw ConnectorError("this host's own name " + std::string(name.data()) + " cannot be looked up (" +
                         gai_strerror(error) + ") configure the endpoint with --host ADDRESS");
  std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> const list(found, freeaddrinfo);
  if (config.host_type == "fqdn") return list->ai_canonname ? list->ai_canonname : name.data();
  std::array<char, INET_ADDRSTRLEN> text{};
  inet_ntop(AF_INET, &reinterpret_cast<sockaddr_in const*>(list->ai_addr)->sin_addr, text.data(), text.size());
  return text.data();
}

/// False if it goes on running.
bool ends_within(pid_t process, int milliseconds) {
  auto const descriptor = static_cast<int>(syscall(SYS_pidfd_open, process, 0));
  if (descriptor < 0) return errno == ESRCH;
  pollfd ended{descriptor, POLLIN, 0};
  bool const done = poll(&ended, 1, milliseconds) > 0;
  close(descriptor);
  return done;
}

bool elsewhere(EndpointConfig const& config, std::string const& here) {
  return config.host_type != "static" && config.host && *config.host != here;
}

int runs_elsewhere(EndpointConfig const& config, fs::path const& folder) {
  return complain(named(config.name) + " seems to run on host " + *config.host + ": stop it there, or delete " +
                  pid_file(folder).string() + " if it does not run any more");
}

}  // namespace

int configure(fs::path const& home, std::string const& name, ConfigureOptions const& options) {
  if (!is_endpoint_name(name))
    return complain("the name '" + name + "' has other characters than letters, digits, - and _");
  auto const folder = home / name;
  if (fs::exists(folder))
    return complain(named(name) +
                    " exists already; to configure it anew, remove it first: proxystore-endpoint remove " + name);
  EndpointConfig config{
      .name = name, .uuid = make_uuid_key().text(), .port = options.port ? *options.port : choose_port()};
  if (options.host == "ip" || options.host == "fqdn") config.host_type = options.host;
  else config.host = options.host;
  if (options.persist) config.database = (folder / "blobs.db").string();
  config.max_object_size = options.max_object_size;
  config.peering = options.peering;
  if (config.peering) identity_of(config.peering->credentials);  // or say now what is wrong with them
  fs::create_directories(home);
  fs::create_directory(folder);
  fs::permissions(folder, fs::perms::owner_all);
  write_config(config, folder);
  std::cout << "Configured endpoint: " << name << " <" << config.uuid << ">\n"
            << "Config and log file directory: " << folder.string() << "\n"
            << "Start the endpoint with:\n  $ proxystore-endpoint start " << name << '\n';
  return 0;
}

int list(fs::path const& home) {
  auto const found = find_endpoints(home);
  if (found.empty()) {
    std::cout << "No valid endpoint configurations in " << home.string() << ".\n";
    return 0;
  }
  std::size_t width = 18;
  for (auto const& [folder, config] : found) width = std::max(width, config.name.size());
  auto const line = [&](std::string name, std::string status, std::string const& uuid) {
    name.resize(width, ' ');
    status.resize(7, ' ');
    std::cout << name << ' ' << status << ' ' << uuid << '\n';
  };
  line("NAME", "STATUS", "UUID");
  std::cout << std::string(width + 1 + 7 + 1 + 36, '=') << '\n';
  for (auto const& [folder, config] : found) line(config.name, name_of(status_of(folder)), config.uuid);
  return 0;
}

int remove(fs::path const& home, std::string const& name) {
  auto const folder = home / name;
  if (!is_endpoint_name(name) || !fs::is_directory(folder)) return no_such(name, home);
  auto const status = status_of(folder);
  if (status == Status::running || status == Status::hanging)
    return complain(named(name) + " must be stopped before it is removed: proxystore-endpoint stop " + name);
  fs::remove_all(folder);
  std::cout << "Removed endpoint: " << name << '\n';
  return 0;
}

int start(fs::path const& home, std::string const& name, Detach detach, Level level) {
  auto const folder = home / name;
  if (!is_endpoint_name(name) || !fs::is_directory(folder)) return no_such(name, home);
  auto config = read_config(folder);
  auto const status = status_of(folder);
  if (status == Status::running) return complain(named(name) + " runs already");
  auto const host = look_up_host(config);
  if (status == Status::hanging) {
    if (elsewhere(config, host)) return runs_elsewhere(config, folder);
    if (auto const process = read_pid(folder); process && is_endpoint_process(*process))
      return complain(named(name) + " does not answer (process " + std::to_string(*process) +
                      "); stop it first: proxystore-endpoint stop " + name);
    fs::remove(pid_file(folder));  // of a process that died
  }
  if (config.relay)
    std::cerr << "proxystore-endpoint: warning: the relay " << *config.relay
              << " of config.toml is left aside (peering by WebRTC with Python ProxyStore's relay is not offered)\n";
  config.host = host;
  if (detach == Detach::yes)
    std::cout << "Starting endpoint process as daemon.\nLogs will be written to " << (folder / "log.txt").string()
              << std::endl;
  serve(config, folder, detach, level);
  return 0;
}

int stop(fs::path const& home, std::string const& name) {
  auto const folder = home / name;
  auto const status = is_endpoint_name(name) ? status_of(folder) : Status::unknown;
  if (status == Status::unknown) return no_such(name, home);
  if (status == Status::stopped) {
    std::cout << "Endpoint " << name << " is not running.\n";
    return 0;
  }
  auto const process = read_pid(folder);
  if (!process || !is_endpoint_process(*process)) {
    auto const config = read_config(folder);
    if (status == Status::running || elsewhere(config, look_up_host(config))) return runs_elsewhere(config, folder);
    fs::remove(pid_file(folder));
    std::cout << "Endpoint " << name << " is not running.\n";
    return 0;
  }
  kill(*process, SIGTERM);
  if (!ends_within(*process, patience)) {
    std::cerr << "proxystore-endpoint: process " << *process << " did not end in 20 s and is killed\n";
    kill(*process, SIGKILL);
    ends_within(*process, patience);
  }
  fs::remove(pid_file(folder));
  std::cout << "Endpoint " << name << " has been stopped.\n";
  return 0;
}

}  // namespace proxystore::detail
