#include <algorithm>
#include <iostream>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <proxystore/error.hpp>

#include "commands.hpp"
#include "http.hpp"
#include "lost.hpp"
#include "names.hpp"
#include "peer/relay.hpp"
#include "remotes.hpp"
#include "status.hpp"

namespace proxystore::detail {
namespace {

namespace fs = std::filesystem;

int complain(std::string const& text) {
  std::cerr << "proxystore-endpoint: " << text << '\n';
  return 1;
}

}  // namespace

int make_secret(fs::path const& file) {
  auto const text = std::string(endpoint::Secret::random().text()) + '\n';
  int const out = open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  bool const written = out >= 0 && write(out, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  int const cause = errno;
  if (out >= 0) close(out);
  if (!written) return complain("cannot write " + file.string() + " (" + std::generic_category().message(cause) + ")");
  std::cout << "Wrote a new secret to " << file.string()
            << "\nBring it to the other sites over a channel that nobody reads.\n";
  return 0;
}

int change_peer(fs::path const& home, std::string const& name, KnownEndpoint const& peer, Forget forget) {
  auto const folder = home / name;
  auto config = read_config(folder);
  if (!config.peering)
    return complain("endpoint '" + name +
                    "' is not configured for peers; configure it with --secret-file, or --ca, "
                    "--certificate and --key");
  auto const uuid = uuid_of(peer.uuid);
  if (!uuid) return complain("'" + peer.uuid + "' is no UUID of an endpoint");
  auto& known = config.peering->known;
  auto const removed = std::erase_if(known, [&](KnownEndpoint const& one) { return one.uuid == *uuid; });
  if (forget == Forget::yes && removed == 0) return complain("endpoint '" + name + "' knows no peer " + *uuid);
  if (forget == Forget::no) {
    known.push_back(peer);
    known.back().uuid = *uuid;
  }
  write_config(config, folder);
  std::cout << (forget == Forget::yes ? "Forgot peer " : "Made known peer ") << *uuid << '\n';
  if (status_of(folder) != Status::stopped) std::cout << "It counts from the next start of " << name << " on.\n";
  return 0;
}

int show_peers(fs::path const& home, std::string const& name) {
  auto const config = read_config(home / name);
  if (!config.host || status_of(home / name) != Status::running)
    return complain("endpoint '" + name + "' is not running; start it: proxystore-endpoint start " + name);
  try {
    HttpConnection connection(*config.host, config.port, std::chrono::seconds(10));
    std::cout << connection.exchange({.target = "/peers"}).body.text();
  } catch (EndpointLost const& lost) {
    return complain(lost.what());
  }
  return 0;
}

int relay(std::string const& listen, Credentials const& credentials, Level level) {
  ServerLog log({STDERR_FILENO}, level);
  boost::asio::io_context context(1);
  boost::asio::signal_set signals(context, SIGTERM, SIGINT);
  endpoint::Relay relay(
      context,
      {.listen = listen, .identity = identity_of(credentials), .log = [&log](LogLevel what, std::string_view text) {
         log(what == LogLevel::warning ? Level::warning : Level::info, text);
       }});
  signals.async_wait([&](auto error, int) {
    if (!error) relay.stop();
  });
  log(Level::info, "the relay listens at " + listen + " (port " + std::to_string(relay.port()) + ")");
  context.run();
  log(Level::info, "the relay has stopped");
  return 0;
}

}  // namespace proxystore::detail
