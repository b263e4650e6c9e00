// Servers that die, hang, refuse or are none.
#include "support.hpp"

#include <array>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace redis_test {
namespace {

/// Listens on a free port, and answers whoever says something with `words`; with nothing if there are none.
class Peer {
 public:
  explicit Peer(std::string words) : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    bind(listener_, reinterpret_cast<sockaddr*>(&address), length);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
    listen(listener_, 5);
    port_ = ntohs(address.sin_port);
    if (!words.empty()) thread_ = std::jthread([this, words] { answer(words); });
  }
  ~Peer() {
    shutdown(listener_, SHUT_RDWR);
    thread_ = {};
    close(listener_);
  }
  int port() const { return port_; }

 private:
  void answer(std::string const& words) const {
    for (int one = 0; (one = accept(listener_, nullptr, nullptr)) >= 0; close(one)) {
      std::array<char, 512> heard{};
      if (recv(one, heard.data(), heard.size(), 0) > 0) send(one, words.data(), words.size(), MSG_NOSIGNAL);
    }
  }
  int listener_, port_ = 0;
  std::jthread thread_;
};

TEST_F(Redis, SaysAtOnceThatThereIsNoServer) {
  RedisOptions options;
  {
    Peer const gone("");
    options.port = gone.port();
  }
  EXPECT_THAT(error_of<ConnectorError>([&] { RedisConnector none(options); }),
              testing::AllOf(HasSubstr("127.0.0.1:" + std::to_string(options.port)), HasSubstr("refused")));
}

TEST_F(Redis, SaysThatAPeerIsNoRedis) {
  Peer const peer("HTTP/1.1 400 Bad Request\r\n\r\n");
  RedisOptions options;
  options.port = peer.port();
  EXPECT_THAT(error_of<ConnectorError>([&] { RedisConnector none(options); }),
              HasSubstr("does not speak the Redis protocol"));
}

TEST_F(Redis, SaysThatAPeerIsMute) {
  Peer const peer("");
  RedisOptions options;
  options.port = peer.port();
  options.timeout = 30ms;
  EXPECT_THAT(error_of<ConnectorError>([&] { RedisConnector none(options); }), HasSubstr("did not answer in time"));
}

TEST_F(Redis, SaysThatAServerHangs) {
  Server const server;
  auto options = server.options();
  options.timeout = 50ms;
  RedisConnector connector(options);
  Key const key = connector.put(buffer_of("x"));
  server.freeze();
  EXPECT_THROW((void)connector.get(key), ConnectorError);
  EXPECT_THROW(connector.put(filled(100 << 20)), ConnectorError);  // more than a socket holds
  server.thaw();
  EXPECT_EQ(text_of(connector.get(key)), "x");
}

TEST_F(Redis, KeepsADeadlineWhileTheServerHangs) {
  Server const server;
  RedisConnector connector(server.options());  // its timeout is 10 s
  Key const key = connector.new_key({});
  server.freeze();
  auto const start = Deadline::Clock::now();
  EXPECT_EQ(connector.wait(key, 20ms), State::pending);
  EXPECT_LT(Deadline::Clock::now() - start, 5s);
  server.thaw();
}

TEST_F(Redis, SaysThatAServerHasDied) {
  Server server;
  auto options = server.options();
  options.reconnect = 30ms;
  RedisConnector connector(options);
  Key const key = connector.put(buffer_of("x"));
  server.kill();
  EXPECT_THAT(error_of<ConnectorError>([&] { (void)connector.get(key); }), HasSubstr("no connection to redis server"));
  EXPECT_THROW(connector.put(filled(10 << 20)), ConnectorError);
  EXPECT_THROW(connector.set(connector.new_key({}), buffer_of("x")), ConnectorError);
  EXPECT_THROW((void)connector.wait(key, patience), ConnectorError);
}

TEST_F(Redis, GoesOnWhenItsServerHasStartedAgain) {
  Server server;
  RedisConnector connector(server.options());
  Key const kept = connector.put(buffer_of("kept"));
  server.shut_down();
  std::optional<std::string> got;
  std::jthread reader([&] { got = text_of(connector.get(kept)); });  // tries for 5 s
  server.start();
  reader.join();
  EXPECT_EQ(got, "kept");
  server.shut_down();
  server.start();
  EXPECT_NO_THROW(connector.put(filled(10 << 20)));
}

TEST_F(Redis, SaysThatAKeyHoldsAnotherType) {
  Server const server;
  RedisConnector connector(server.options());
  command(server, "RPUSH list element");
  EXPECT_THAT(error_of<ConnectorError>([&] { (void)connector.get(Key("list")); }), HasSubstr("WRONGTYPE"));
  EXPECT_THROW((void)connector.receive(Key("list"), patience), ConnectorError);
  EXPECT_THROW((void)connector.get_batch({Key("list"), Key("other")}), ConnectorError);
  EXPECT_THROW(connector.evict(Key("list")), ConnectorError);
  EXPECT_NO_THROW(connector.put(buffer_of("x")));
}

TEST_F(Redis, SaysWhatAUserMayNotDo) {
  Server const server;
  command(server, "ACL SETUSER reader on >pass ~* &* +@read +@connection");
  auto options = server.options();
  options.user = "reader";
  options.password = "pass";
  RedisConnector connector(options);
  EXPECT_EQ(connector.get(Key("nothing")), std::nullopt);
  EXPECT_THAT(error_of<ConnectorError>([&] { connector.put(buffer_of("x")); }), HasSubstr("NOPERM"));
  EXPECT_THAT(error_of<ConnectorError>([&] { connector.evict(Key("x")); }), HasSubstr("+@scripting"));
}

TEST_F(Redis, SaysThatAServerTakesNoMoreClients) {
  Server const server({.arguments = {"--maxclients", "1"}});
  RedisConnector connector(server.options());
  EXPECT_THAT(error_of<ConnectorError>([&] { RedisConnector second(server.options()); }),
              HasSubstr("max number of clients"));
}

TEST_F(Redis, TakesItsOwnObjectForSetWhenTheAnswerWasLost) {
  Server const server;
  RedisConnector connector(server.options());
  Key const key = connector.new_key({});
  // The server closes after it has set the object and before it has said so.
  command(server, {"EVAL", "redis.call('SET', KEYS[1], ARGV[1])", "1", key.text(), "object"});
  command(server, "CLIENT KILL TYPE normal SKIPME yes");
  EXPECT_NO_THROW(connector.set(key, buffer_of("object")));
  command(server, "CLIENT KILL TYPE normal SKIPME yes");
  EXPECT_THROW(connector.set(key, buffer_of("another")), AlreadySet);
  EXPECT_THROW(connector.set(key, buffer_of("object")), AlreadySet);  // nothing was lost this time
}

}  // namespace
}  // namespace redis_test
