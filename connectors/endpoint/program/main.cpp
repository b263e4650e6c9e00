#include <exception>
#include <filesystem>
#include <iostream>
#include <map>
#include <optional>
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

Endpoints of several sites reach each other's objects through links that are encrypted and authenticated on both sides:

  $ proxystore-endpoint secret ~/links.secret         # once; then copied to the other site
  $ proxystore-endpoint configure here --secret-file ~/links.secret --listen 0.0.0.0:7700
  $ proxystore-endpoint configure there --secret-file ~/links.secret                          # on the other site
  $ proxystore-endpoint peer there UUID_OF_HERE --address here.example.org:7700

and where neither can be dialled, since both are behind NAT, through a relay, which sees nothing of what is said:

  $ proxystore-endpoint relay --listen 0.0.0.0:7701 --secret-file relay.secret                # on a third host
  $ proxystore-endpoint configure here --secret-file ~/links.secret --relay relay.example.org:7701 \\
        --relay-secret-file relay.secret                                                      # on both sites

Everything about it lies in one folder, $PROXYSTORE_HOME/NAME (default: ~/.local/share/proxystore/NAME): config.toml,
log.txt, daemon.pid while it runs, and blobs.db with --persist.)";

/// Adds what all commands on one endpoint take.
CLI::App* command(CLI::App& app, char const* name, char const* what, std::string& endpoint) {
  auto* const one = app.add_subcommand(name, what);
  one->add_option("NAME", endpoint, "Name of the endpoint")->required();
  return one;
}

void option(CLI::App& app, char const* name, std::optional<std::string>& value, std::string const& what) {
  app.add_option_function<std::string>(
      name, [&value](std::string const& given) { value = given; }, what);
}

/// An absolute path, since the daemon works in a folder of its own.
void file_option(CLI::App& app, char const* name, std::optional<std::string>& value, std::string const& what) {
  app.add_option_function<std::string>(
      name, [&value](std::string const& given) { value = std::filesystem::absolute(given).string(); }, what);
}

void credentials_options(CLI::App& app, Credentials& credentials, std::string const& what) {
  file_option(app, "--secret-file", credentials.secret_file, what + "a file with a secret that all of them share");
  file_option(app, "--ca", credentials.ca, what + "or certificates: who signs for the others,");
  file_option(app, "--certificate", credentials.certificate, "the own one (with the URI urn:uuid:UUID as its name)");
  file_option(app, "--key", credentials.key, "and its key");
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
  PeeringConfig peering;
  credentials_options(*make, peering.credentials, "To have peers: ");
  option(*make, "--listen", peering.listen,
         "HOST:PORT where peers can dial; without it, it dials or meets them at the relay");
  make->add_flag("--known-only", peering.known_only, "Only peers that the configuration names may dial");
  option(*make, "--relay", peering.relay, "HOST:PORT of a relay, where it meets peers that cannot be dialled");
  file_option(*make, "--relay-secret-file", peering.relay_credentials.secret_file,
              "The relay's secret, if it is another");
  make->callback([&] {
    if (!(peering.credentials == Credentials()) || peering.listen || peering.relay) configuring.peering = peering;
    status = configure(home, name, configuring);
  });

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

  app.add_subcommand("secret", "Make a secret that endpoints, or those who use a relay, share")
      ->callback([&] { status = make_secret(word); })
      ->add_option("FILE", word, "File to make, for its owner alone")
      ->required();
  KnownEndpoint known;
  bool forget = false;
  auto* const peer = command(app, "peer", "Make a peer known to an endpoint, or change what is known of it", name);
  peer->add_option("UUID", known.uuid, "UUID of the peer")->required();
  option(*peer, "--address", known.address, "HOST:PORT where the peer can be dialled");
  file_option(*peer, "--secret-file", known.secret_file, "A secret with this peer alone");
  peer->add_flag("--always", known.always, "Keep a link to it, so that a peer that cannot dial can ask too");
  peer->add_flag("--forget", forget, "Take it out");
  peer->callback([&] { status = change_peer(home, name, known, forget ? Forget::yes : Forget::no); });
  command(app, "peers", "Show the peers of an endpoint, and how links to them are", name)->callback([&] {
    status = show_peers(home, name);
  });
  std::string listen = "127.0.0.1:7701";
  Credentials proof;
  auto* const relaying = app.add_subcommand("relay", "Be a relay for endpoints behind NAT, until SIGTERM or Ctrl-C");
  relaying->add_option("--listen", listen, "HOST:PORT")->capture_default_str();
  credentials_options(*relaying, proof, "");
  relaying->callback([&] { status = relay(listen, proof, level); });

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
