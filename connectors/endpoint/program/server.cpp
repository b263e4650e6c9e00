#include "server.hpp"

#include <csignal>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_set>
#include <utility>
#include <vector>

#include <boost/asio/signal_set.hpp>
#include <boost/asio/strand.hpp>

#include <proxystore/error.hpp>

#include "session.hpp"

namespace proxystore::detail {

namespace asio = boost::asio;
using asio::ip::tcp;
using Error = boost::beast::error_code;

struct Server::Inside {
  Inside(EndpointConfig what, ServerOptions how, Objects& objects, ServerLog& log)
      : config(std::move(what)), options(how), service{config, options, objects, log} {
    listen();
    if (config.peering) remotes = std::make_unique<Remotes>(io, config, objects, log);
    service.remotes = remotes.get();
    signals.async_wait([this](Error error, int signal) {
      if (error) return;
      service.log(Level::info, signal == SIGTERM ? "told to stop (SIGTERM)" : "told to stop (SIGINT)");
      begin_to_stop();
    });
  }

  void listen();
  void accept();
  void take(tcp::socket socket);
  void begin_to_stop();
  enum class Ending { all_is_done, enough };
  void end(Ending ending);
  void forget(Session* session);

  EndpointConfig const config;
  ServerOptions const options;
  Service service;
  std::mutex mutex;  // of the next two, which are there until the last session is gone with io
  std::unordered_set<Session*> sessions;
  bool over = false;
  asio::io_context io{static_cast<int>(options.threads)};
  tcp::acceptor acceptor{asio::make_strand(io)};
  asio::steady_timer pause{acceptor.get_executor()}, grace{acceptor.get_executor()};
  asio::signal_set signals{acceptor.get_executor(), SIGTERM, SIGINT};
  std::unique_ptr<Remotes> remotes;
};

void Server::Inside::listen() {
  auto const place = *config.host + ":" + std::to_string(config.port);
  try {
    tcp::resolver resolver(io);
    auto const found = resolver.resolve(*config.host, std::to_string(config.port));
    tcp::endpoint const address = found.begin()->endpoint();
    acceptor.open(address.protocol());
    acceptor.set_option(tcp::acceptor::reuse_address(true));
    acceptor.bind(address);
    acceptor.listen();
  } catch (boost::system::system_error const& error) {
    throw ConnectorError("the endpoint cannot listen on " + place + " (" + error.code().message() +
                         ") choose another --host or --port");
  }
}

void Server::Inside::accept() {
  acceptor.async_accept(asio::make_strand(io), [this](Error error, tcp::socket socket) {
    if (!acceptor.is_open()) return;
    if (!error) {
      take(std::move(socket));
      return accept();
    }
    // No descriptors left, or a client that is gone again.
    if (error != asio::error::connection_aborted)
      service.log(Level::warning, "cannot take a connection: " + error.message());
    pause.expires_after(std::chrono::milliseconds(100));
    pause.async_wait([this](Error) {
      if (acceptor.is_open()) accept();
    });
  });
}

void Server::Inside::take(tcp::socket socket) {
  auto const self = std::make_shared<Session*>(nullptr);
  auto const session = std::make_shared<Session>(std::move(socket), service, [this, self] { forget(*self); });
  *self = session.get();
  std::size_t count = 0;
  {
    std::lock_guard lock(mutex);
    sessions.insert(session.get());
    count = sessions.size();
  }
  if (count <= options.connections) return session->begin();
  service.log(Level::warning, "more than " + std::to_string(options.connections) + " connections");
  session->turn_away();
}

void Server::Inside::forget(Session* session) {
  std::lock_guard lock(mutex);
  sessions.erase(session);
  if (sessions.empty() && service.stopping && !over) asio::post(acceptor.get_executor(), [this] { grace.cancel(); });
}

void Server::Inside::begin_to_stop() {
  if (service.stopping.exchange(true)) return;
  Error ignored;
  acceptor.close(ignored);
  pause.cancel();
  signals.cancel();
  grace.expires_after(options.grace);
  grace.async_wait([this](Error error) {
    if (!error) service.log(Level::warning, "stops with requests under way");
    end(error ? Ending::all_is_done : Ending::enough);
  });
  std::vector<std::shared_ptr<Session>> held;  // released without the lock, which the end of a session takes
  std::lock_guard lock(mutex);
  for (auto* const session : sessions)
    if (auto one = session->weak_from_this().lock()) held.push_back(std::move(one));
  for (auto const& session : held) session->stop();
  if (sessions.empty()) grace.cancel();
}

/// When the sessions have ended, or have had their time: then the links, which they use, end too.
void Server::Inside::end(Ending ending) {
  auto const last = [this, ending] {
    if (ending == Ending::enough) io.stop();
  };
  if (remotes) remotes->stop(last);
  else last();
}

Server::Server(EndpointConfig config, ServerOptions options, Objects& objects, ServerLog& log)
    : inside_(std::make_unique<Inside>(std::move(config), options, objects, log)) {}

Server::~Server() = default;

void Server::run() {
  auto& inside = *inside_;
  auto const& config = inside.config;
  inside.service.log(Level::info, "endpoint '" + config.name + "' <" + config.uuid + "> serves on " + *config.host +
                                      ":" + std::to_string(config.port));
  asio::post(inside.acceptor.get_executor(), [&] {
    if (inside.acceptor.is_open()) inside.accept();
  });
  std::vector<std::jthread> threads;
  for (std::size_t i = 1; i < inside.options.threads; ++i) threads.emplace_back([&] { inside.io.run(); });
  inside.io.run();
  threads.clear();
  {
    std::lock_guard lock(inside.mutex);
    inside.over = true;
  }
  inside.service.objects.close();
}

void Server::stop() {
  asio::post(inside_->acceptor.get_executor(), [this] { inside_->begin_to_stop(); });
}

}  // namespace proxystore::detail
