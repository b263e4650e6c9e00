// Python in the same store: redis-py as any client, and Python ProxyStore itself where this machine has it.
#include "support.hpp"

#include "../python/process.hpp"

namespace redis_test {
namespace {

using python_test::Python;

class RedisPython : public Redis {
 protected:
  void need(std::string const& module) {
    if (!Python::has(module)) GTEST_SKIP() << "no python3 here has " << module;
  }
  std::string peer(std::string const& action) const {
    return PROXYSTORE_TEST_PEER " " + action + " " + std::to_string(server->port());
  }

  std::unique_ptr<Server> server = Server::program().empty() ? nullptr : std::make_unique<Server>(ServerOptions{.tcp = true});
};

#define NEED(module)                       \
  if (need(module); IsSkipped()) return;   \
  RedisConnector connector(server->options())

Buffer encoded(std::string const& text) { return Serializer<std::string>::encode(text, heap()); }
std::string decoded(std::optional<Bytes> const& object) { return Serializer<std::string>::decode(object.value()); }

TEST_F(RedisPython, WakesAConsumerHereWithAnObjectOfRedisPy) {
  NEED("redis");
  Key const key = connector.new_key({});
  DeferrableConnector::Received seen;
  std::jthread consumer([&] { seen = connector.receive(key, patience); });
  until_waited_for(connector, 1);
  EXPECT_EQ(Python(peer("client") + " " + key.text() + " here").wait(), 0);
  consumer.join();
  EXPECT_EQ(decoded(seen.object), "here");
}

TEST_F(RedisPython, WakesAConsumerHereWithAFutureSetByPythonProxyStore) {
  NEED("proxystore.connectors.redis");
  Key const key = connector.new_key({});
  DeferrableConnector::Received seen;
  std::jthread consumer([&] { seen = connector.receive(key, patience); });
  until_waited_for(connector, 1);
  EXPECT_EQ(Python(peer("produce") + " " + key.text() + " from-python").wait(), 0);
  consumer.join();
  EXPECT_EQ(decoded(seen.object), "from-python");
}

TEST_F(RedisPython, WakesAProxyOfPythonProxyStoreWithAFutureSetHere) {
  NEED("proxystore.connectors.redis");
  Python python(peer("consume"));
  Key const key(python.line());
  ASSERT_EQ(key.text().size(), 36U);
  connector.set(key, encoded("from C++"));
  EXPECT_EQ(python.line(), "from C++");
  EXPECT_EQ(python.wait(), 0);
}

TEST_F(RedisPython, SharesObjectsWithPythonProxyStore) {
  NEED("proxystore.connectors.redis");
  EXPECT_EQ(decoded(connector.get(Key(Python(peer("put") + " theirs").line()))), "theirs");
  EXPECT_EQ(Python(peer("read") + " " + connector.put(encoded("ours")).text()).line(), "ours");
}

}  // namespace
}  // namespace redis_test
