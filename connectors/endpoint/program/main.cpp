#include <exception>
#include <iostream>
#include <map>
#include <string>

#include <CLI/CLI.hpp>

#include <proxystore/version.hpp>

#include "commands.hpp"
#include "home.hpp"

using namespace proxystore::detail;

namespace {

constexpr auto lesson = R"(
An endpoint keeps objects for the programs of this machine, which reach it by its UUID:

  $ proxystore-endpoint configure here --persist
  $ proxystore-endpoint start here
  $ proxystore-endpoint list                          # shows the UUID
  store = Store::open("name", "endpoint:UUID")        // in C++
  connector = EndpointConnector(["UUID"])             # in Python, with ProxyStore
  $ proxystore-endpoint test here put hello           # by hand
  $ proxystore-endpoint stop here

Everything about it lies in one folder, $PROXYSTORE_HOME/NAME (default: ~/.local/share/proxystore/NAME): config.toml,
log.txt, daemon.pid while it runs, and blobs.db with --persist.)";

/// Adds what all commands on one endpoint take.
CLI::App* command(CLI::App& app, char const* name, char const* what, std::string& endpoint) {
  auto* const one = app.add_subcommand(name, what);
  one->add_option("NAME", endpoint, "Name of the endpoint")->required();
  return one;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Manages and starts ProxyStore endpoints.", "proxystore-endpoint"};
  app.footer(lesson);
  app.require_subcommand(1);
  app.set_version_flag("--version", "proxystore-endpoint " PROXYSTORE_VERSION);
  Level level = Level::info;
  app.add_option("--log-level", level, "What goes to log.txt")
      ->transform(CLI::CheckedTransformer(
          std::map<std::string, Level>{
              {"ERROR", Level::error}, {"WARNING", Level::warning}, {"INFO", Level::info}, {"DEBUG", Level::debug}},
          CLI::ignore_case))
      ->default_str("INFO");
  auto const home = default_home();
  std::string name, word;
  int status = 0;

  ConfigureOptions configuring;
  auto* const make = command(app, "configure", "Configure a new endpoint", name);
  make->add_option("--host", configuring.host,
                   "Address to listen on; ip or fqdn: this host's, looked up at each start, so that other hosts reach "
                   "it. Clients are not authenticated: whoever reaches the address may read and write")
      ->capture_default_str();
  make->add_option("--port", configuring.port, "Port to listen on (default: a free one)")->check(CLI::Range(1, 65535));
  make->add_flag("--persist,!--no-persist", configuring.persist,
                 "Keep objects in a database, so that they survive a restart");
  make->add_option("--max-object-size", configuring.max_object_size, "Bytes of the largest object; also 64MB, 1GB")
      ->transform(CLI::AsSizeValue(true))
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  make->callback([&] { status = configure(home, name, configuring); });

  bool detach = true;
  auto* const begin = command(app, "start", "Start an endpoint; returns when it serves", name);
  begin->add_flag("--detach,!--no-detach", detach, "Run as a daemon (default), or here until SIGTERM or Ctrl-C");
  begin->callback([&] { status = start(home, name, detach ? Detach::yes : Detach::no, level); });

  command(app, "stop", "Stop an endpoint: requests under way are finished first", name)->callback([&] {
    status = stop(home, name);
  });
  app.add_subcommand("list",
                     "List all endpoints of this user: RUNNING, STOPPED, HANGING (a process that died or does not "
                     "answer) or UNKNOWN")
      ->callback([&] { status = list(home); });
  command(app, "remove", "Remove an endpoint with all it keeps", name)->callback([&] { status = remove(home, name); });

  TestOptions testing;
  auto* const test = command(app, "test", "Try an endpoint by hand", testing.name);
  test->add_option("--remote", testing.remote, "UUID of the peer that has the object");
  test->require_subcommand(1);
  auto const object = [&](char const* verb, char const* what, char const* argument, auto const& act) {
    auto* const one = test->add_subcommand(verb, what);
    one->add_option(argument, word)->required();
    one->callback([&, act] { status = act(home, testing, word); });
  };
  object("put", "Put a text, and show its key", "DATA", test_put);
  object("get", "Show an object", "KEY", test_get);
  object("exists", "Say whether there is an object", "KEY", test_exists);
  object("evict", "Evict an object", "KEY", test_evict);

  try {
    app.parse(argc, argv);
  } catch (CLI::ParseError const& error) {
    return app.exit(error);
  } catch (std::exception const& error) {
    std::cerr << "proxystore-endpoint: " << error.what() << '\n';
    return 1;
  }
  return status;
}
