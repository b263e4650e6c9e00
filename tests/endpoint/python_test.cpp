// Python ProxyStore in the same endpoint, ours and its own, where this machine has it; and a stand-in of its endpoint.
#include "support.hpp"

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "stand_in.hpp"

namespace endpoint_test {
namespace {

Buffer encoded(std::string const& text) { return Serializer<std::string>::encode(text, heap()); }
std::string decoded(std::optional<Bytes> const& object) { return Serializer<std::string>::decode(object.value()); }

/// A Python program that runs beside the test.
class Python {
 public:
  Python(std::string const& home, std::string const& arguments)
      : pipe_(
            popen(("PROXYSTORE_HOME=" + home + " exec " + program() + " " PROXYSTORE_TEST_PEER " " + arguments).c_str(),
                  "r")) {}
  ~Python() { wait(); }
  Python(Python const&) = delete;
  Python& operator=(Python const&) = delete;

  /// One that has `module`; false if none has. PROXYSTORE_PYTHON names another than those on the PATH.
  static bool has(std::string const& module) {
    if (auto const* wanted = std::getenv("PROXYSTORE_PYTHON")) program() = wanted;
    for (auto const& python : {program(), "python3"s, "/usr/bin/python3"s}) {
      if (python.empty() || std::system((python + " -c 'import " + module + "' 2>/dev/null").c_str()) != 0) continue;
      program() = python;
      return true;
    }
    return false;
  }
  std::string line() {
    std::string text;
    for (int c = 0; (c = std::fgetc(pipe_)) != EOF && c != '\n';) text += static_cast<char>(c);
    return text;
  }
  int wait() { return pipe_ ? pclose(std::exchange(pipe_, nullptr)) : 0; }

 private:
  static std::string& program() {
    static std::string name;
    return name;
  }
  std::FILE* pipe_;
};

/// Python's client and our endpoint.
class EndpointPython : public testing::Test {
 protected:
  void SetUp() override {
    if (!Python::has("proxystore.connectors.endpoint")) GTEST_SKIP() << "no python3 here has Python ProxyStore";
    daemon = std::make_unique<Daemon>();
    connector = std::make_unique<EndpointConnector>(daemon->options());
  }
  Python peer(std::string const& action, std::string const& rest = "") const {
    return Python(daemon->home(), action + " " + daemon->uuid() + " " + rest);
  }
  Key key_of(std::string const& object_id) const { return EndpointKey{object_id, daemon->uuid()}.key(); }

  std::unique_ptr<Daemon> daemon;
  std::unique_ptr<EndpointConnector> connector;
};

TEST_F(EndpointPython, WakesAConsumerHereWithAFutureSetThere) {
  Key const key = connector->new_key({});
  DeferrableConnector::Received seen;
  std::jthread consumer([&] { seen = connector->receive(key, patience); });
  until_waited_for(*connector, 1);
  EXPECT_EQ(peer("produce", EndpointKey::of(key).object_id + " from-python").wait(), 0);
  consumer.join();
  EXPECT_EQ(decoded(seen.object), "from-python");
}

TEST_F(EndpointPython, WakesAProxyThereWithAFutureSetHere) {
  auto python = peer("consume");
  auto const id = python.line();
  ASSERT_EQ(id.size(), 36U);
  connector->set(key_of(id), encoded("from C++"));
  EXPECT_EQ(python.line(), "from C++");
  EXPECT_EQ(python.wait(), 0);
}

TEST_F(EndpointPython, SharesObjects) {
  EXPECT_EQ(decoded(connector->get(key_of(peer("put", "theirs").line()))), "theirs");
  EXPECT_EQ(peer("read", EndpointKey::of(connector->put(encoded("ours"))).object_id).line(), "ours");
}

TEST_F(EndpointPython, SharesLargeObjects) {
  auto python = peer("large", "10000128");
  auto const object = connector->get(key_of(python.line()));
  ASSERT_EQ(python.wait(), 0);
  ASSERT_TRUE(object && object->size() == 10'000'128 + 3);
  EXPECT_EQ(object->text().substr(0, 5), "BS\n\0\1"s);
  EXPECT_EQ(object->span().back(), std::byte{255});
}

/// Our client and an endpoint of Python's: its own where this machine can run it, and a stand-in.
class PythonEndpoint : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    bool const real = GetParam();
    if (!real) {
      stand_in = std::make_unique<StandIn>();
      options = {.host = "127.0.0.1", .port = stand_in->port(), .poll = 5ms};
      connector = std::make_unique<EndpointConnector>(options);
      return;
    }
    if (!Python::has("proxystore.endpoint.serve"))
      GTEST_SKIP() << "no python3 here can serve an endpoint of Python ProxyStore";
    daemon = std::make_unique<Daemon>();  // for its configuration
    daemon->stop();
    options = daemon->options();
    options.poll = 5ms;
    python = std::make_unique<Python>(daemon->home(), "serve here & echo $!; wait");
    process = std::stoi(python->line());
    ASSERT_EQ(python->line(), "serves");
    connector = std::make_unique<EndpointConnector>(options);
  }
  void TearDown() override {
    connector.reset();
    if (process > 0) kill(process, SIGKILL);
  }

  std::unique_ptr<StandIn> stand_in;
  std::unique_ptr<Daemon> daemon;
  std::unique_ptr<Python> python;
  int process = -1;
  EndpointOptions options;
  std::unique_ptr<EndpointConnector> connector;
};

TEST_P(PythonEndpoint, KeepsObjects) {
  auto const key = connector->put(buffer_of("hello"));
  EXPECT_TRUE(connector->exists(key));
  EXPECT_EQ(text_of(connector->get(key)), "hello");
  connector->evict(key);
  EXPECT_FALSE(connector->exists(key));
  EXPECT_EQ(connector->get(key), std::nullopt);
}

TEST_P(PythonEndpoint, KeepsLargeObjectsThatItSendsInChunks) {
  auto const object = connector->get(connector->put(filled(30'000'001, 5)));
  ASSERT_TRUE(object && object->size() == 30'000'001);
  EXPECT_TRUE(is_filled(object->span(), 5));
}

TEST_P(PythonEndpoint, IsLookedAtByThoseWhoWait) {
  Key const key = connector->new_key({});
  EXPECT_EQ(connector->wait(key, Deadline::immediate()), State::pending);
  EXPECT_EQ(connector->wait(key, 20ms), State::pending);
  DeferrableConnector::Received seen;
  std::jthread consumer([&] { seen = connector->receive(key, patience); });
  EndpointConnector(options).set(key, buffer_of("set"));
  consumer.join();
  EXPECT_EQ(seen.state, State::ready);
  EXPECT_EQ(text_of(seen.object), "set");
}

TEST_P(PythonEndpoint, KeepsTheFirstObjectWhereNobodyRaces) {
  Key const key = connector->new_key({});
  connector->set(key, buffer_of("first"));
  EXPECT_THROW(connector->set(key, buffer_of("second")), AlreadySet);
  EXPECT_EQ(text_of(connector->get(key)), "first");
}

TEST_P(PythonEndpoint, WakesWaitersWhenTheConnectorCloses) {
  options.poll = 1min;
  connector = std::make_unique<EndpointConnector>(options);
  Key const key = connector->new_key({});
  State seen = State::pending;
  std::jthread consumer([&] { seen = connector->wait(key, patience); });
  EXPECT_EQ(connector->wait(key, 10ms), State::pending);
  connector->close();
  consumer.join();
  EXPECT_EQ(seen, State::broken);
}

TEST_P(PythonEndpoint, RefusesWhatItCannotKeep) {
  EXPECT_THAT(error_of<ConnectorError>([&] { connector->put(Buffer()); }), HasSubstr("received empty payload"));
}

INSTANTIATE_TEST_SUITE_P(Endpoint, PythonEndpoint, testing::Bool(),
                         [](auto const& one) { return one.param ? "real" : "stand_in"; });

TEST(StandInOfAnEndpoint, ThatTalksNonsenseIsRefused) {
  for (auto const& [answer, text] : std::vector<std::pair<std::string, std::string>>{
           {"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", "is no ProxyStore endpoint"},
           {"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", "is no ProxyStore endpoint"},
           {"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}", "is no ProxyStore endpoint"},
           {"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n" + std::string(100'000, '['),
            "is no ProxyStore endpoint"},
           {"HTTP/1.1 200 OK\r\ncontent-length: 18446744073709551614\r\n\r\n{}", "no memory"},
           {"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{}", "does not speak HTTP"},
           {"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{}", "closed the connection"},
           {"SSH-2.0-OpenSSH_9.2\r\n", "does not speak HTTP"},
           {"", "closed the connection"}}) {
    StandIn const peer(answer);
    EXPECT_THAT(error_of<ConnectorError>([&] { EndpointConnector none({.host = "127.0.0.1", .port = peer.port()}); }),
                HasSubstr(text))
        << answer.substr(0, 100);
  }
}

}  // namespace
}  // namespace endpoint_test
