#include "server.hpp"

#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <utility>

#include <arpa/inet.h>
#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace redis_test {
namespace {

namespace fs = std::filesystem;

std::string find_program() {
  std::istringstream path(std::getenv("PATH") ? std::getenv("PATH") : "");
  for (std::string folder; std::getline(path, folder, ':');)
    for (auto const* name : {"redis-server", "redis-check-rdb"})  // one program, which goes by its name
      if (auto const file = folder + '/' + name; access(file.c_str(), X_OK) == 0) return file;
  return {};
}

std::string make_folder() {
  auto pattern = (fs::temp_directory_path() / "redis.XXXXXX").string();
  if (!mkdtemp(pattern.data())) throw std::runtime_error("no folder for a server");
  return pattern;
}

/// A port that is free now. Another program may take it: then launch() fails, and the next is tried.
int free_port() {
  int const probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  bool const found = bind(probe, reinterpret_cast<sockaddr*>(&address), length) == 0 &&
                     getsockname(probe, reinterpret_cast<sockaddr*>(&address), &length) == 0;
  close(probe);
  if (!found) throw std::runtime_error("no free port");
  return ntohs(address.sin_port);
}

[[noreturn]] void become(std::vector<std::string> words, int log) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  dup2(log, STDOUT_FILENO);
  dup2(log, STDERR_FILENO);
  std::vector<char*> arguments;
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  auto const program = std::exchange(arguments[0], const_cast<char*>("redis-server"));
  execv(program, arguments.data());
  _exit(127);
}

}  // namespace

std::string const& Server::program() {
  static std::string const found = find_program();
  return found;
}

Server::Server(ServerOptions options) : options_(std::move(options)), folder_(make_folder()), socket_(folder_ + "/s") {
  for (int tries = 0; tries < 20; ++tries) {
    if (options_.tcp) port_ = free_port();
    if (launch()) return;
  }
  throw std::runtime_error("redis-server does not start: " + program());
}

Server::~Server() {
  kill();
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

bool Server::launch() {
  std::array<int, 2> log{};
  if (pipe2(log.data(), O_CLOEXEC) != 0) return false;
  std::vector<std::string> words{program(), "--port", std::to_string(port_), "--unixsocket", socket_, "--dir", folder_,
                                 "--save", "", "--bind", "127.0.0.1"};
  for (auto const& argument : options_.arguments) words.push_back(argument == "PORT" ? std::to_string(port_) : argument);
  process_ = fork();
  if (process_ == 0) become(words, log[1]);
  close(log[1]);
  std::promise<bool> ready;
  auto answer = ready.get_future();
  reader_ = std::jthread([fd = log[0], socket = socket_, ready = std::move(ready)]() mutable {
    std::string text;
    bool said = false;
    std::array<char, 4096> some{};
    for (ssize_t n = 0; (n = read(fd, some.data(), some.size())) > 0;) {
      if (said) continue;
      text.append(some.data(), static_cast<std::size_t>(n));
      if (text.find("eady to accept connections at " + socket) == text.npos) continue;
      said = true;
      ready.set_value(true);
    }
    if (!said) ready.set_value(false);
    close(fd);
  });
  if (answer.get()) return true;
  reap();
  return false;
}

void Server::start() {
  if (!launch()) throw std::runtime_error("redis-server does not start again");
}

void Server::reap() {
  if (process_ <= 0) return;
  waitpid(process_, nullptr, 0);
  process_ = -1;
  if (reader_.joinable()) reader_.join();
}

void Server::kill() {
  if (process_ > 0) ::kill(process_, SIGKILL);
  reap();
}

void Server::shut_down() {
  if (process_ > 0) command(*this, "SHUTDOWN SAVE");
  reap();
}

void Server::freeze() const {
  ::kill(process_, SIGSTOP);
  siginfo_t stopped{};
  waitid(P_PID, static_cast<id_t>(process_), &stopped, WSTOPPED | WNOWAIT);  // until it stands still
}
void Server::thaw() const { ::kill(process_, SIGCONT); }

proxystore::RedisOptions Server::options() const {
  proxystore::RedisOptions options;
  options.transport = proxystore::RedisTransport::unix_socket;
  options.path = socket_;
  return options;
}

std::string command(Server const& server, std::string_view words) {
  std::istringstream in{std::string(words)};
  std::vector<std::string> list;
  for (std::string word; in >> word;) list.push_back(word);
  return command(server, list);
}

std::string command(Server const& server, std::vector<std::string> const& words) {
  std::unique_ptr<redisContext, decltype(&redisFree)> const context(redisConnectUnix(server.socket().c_str()), redisFree);
  std::vector<char const*> arguments;
  std::vector<std::size_t> lengths;
  for (auto const& word : words) {
    arguments.push_back(word.data());
    lengths.push_back(word.size());
  }
  std::unique_ptr<redisReply, decltype(&freeReplyObject)> const reply(
      static_cast<redisReply*>(redisCommandArgv(context.get(), static_cast<int>(words.size()), arguments.data(), lengths.data())),
      freeReplyObject);
  if (!reply) return {};
  if (reply->type == REDIS_REPLY_INTEGER) return std::to_string(reply->integer);
  return reply->str ? std::string(reply->str, reply->len) : std::string();
}

}  // namespace redis_test
