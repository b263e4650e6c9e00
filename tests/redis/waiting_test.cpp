// Consumers that wait, and what wakes them.
#include "support.hpp"

#include <atomic>

namespace redis_test {
namespace {

/// Threads that each wait for a key of their own.
class Consumers {
 public:
  Consumers(RedisConnector& connector, int n) : seen_(static_cast<std::size_t>(n)) {
    for (auto& seen : seen_) {
      keys_.push_back(connector.new_key({}));
      threads_.emplace_back([&connector, &seen, key = keys_.back()] { seen = connector.receive(key, patience); });
    }
  }
  std::vector<Key> const& keys() const { return keys_; }
  /// How many hold the object that was set for them: the text of their key.
  int join() {
    threads_.clear();
    int right = 0;
    for (std::size_t i = 0; i < keys_.size(); ++i)
      right += seen_[i].state == State::ready && text_of(seen_[i].object) == keys_[i].text();
    return right;
  }

 private:
  std::vector<DeferrableConnector::Received> seen_;
  std::vector<Key> keys_;
  std::vector<std::jthread> threads_;
};

TEST_F(Redis, WakesAConsumerWhenAnyClientSetsTheKey) {
  Server const server;
  RedisConnector connector(server.options());
  Consumers consumers(connector, 1);
  until_waited_for(connector, 1);
  command(server, {"SET", consumers.keys()[0].text(), consumers.keys()[0].text()});
  EXPECT_EQ(consumers.join(), 1);
}

TEST_F(Redis, WakesAConsumerOfALargeObject) {
  Server const server;
  RedisConnector connector(server.options());
  Key const key = connector.new_key({});
  State state = State::pending;
  std::jthread consumer([&] { state = connector.wait(key, patience); });
  until_waited_for(connector, 1);
  RedisConnector(server.options()).set(key, filled(2 << 20));
  consumer.join();
  EXPECT_EQ(state, State::ready);
}

TEST_F(Redis, WakesAConsumerInAnotherDatabaseUnderAPrefix) {
  Server const server;
  auto options = server.options();
  options.database = 4;
  options.prefix = "run/";
  RedisConnector connector(options);
  Consumers consumers(connector, 2);
  until_waited_for(connector, 2);
  auto const first = consumers.keys()[0].text(), second = consumers.keys()[1].text();
  RedisConnector producer(options);
  producer.set(consumers.keys()[0], buffer_of(first));
  command(server, {"EVAL", "redis.call('SELECT', 4) redis.call('SET', KEYS[1], ARGV[1])", "1", "run/" + second, second});
  EXPECT_EQ(consumers.join(), 2);
}

TEST_F(Redis, SleepsOnWhenAKeyOfThatNameIsSetInAnotherDatabase) {
  Server const server;
  auto options = server.options();
  options.database = 1;
  RedisConnector connector(options);
  Consumers consumers(connector, 1);
  until_waited_for(connector, 1);
  RedisConnector(server.options()).set(consumers.keys()[0], buffer_of("of database 0"));
  EXPECT_EQ(connector.wait(consumers.keys()[0], 20ms), State::pending);
  connector.set(consumers.keys()[0], buffer_of(consumers.keys()[0].text()));
  EXPECT_EQ(consumers.join(), 1);
}

TEST_F(Redis, ListensOnTwoConnectionsHoweverManyWait) {
  Server const server;
  auto options = server.options();
  options.connections = 2;
  RedisConnector connector(options);
  Consumers consumers(connector, 200);
  until_waited_for(connector, 200);
  auto const clients = command(server, "CLIENT LIST");
  EXPECT_EQ(std::count(clients.begin(), clients.end(), '\n'), 2 + 2 + 1);  // and the one that asks
  for (auto const& key : consumers.keys()) connector.set(key, buffer_of(key.text()));
  EXPECT_EQ(consumers.join(), 200);
}

TEST_F(Redis, ServesOthersWhileManyWait) {
  Server const server;
  auto options = server.options();
  options.connections = 1;
  RedisConnector connector(options);
  Consumers consumers(connector, 20);
  until_waited_for(connector, 20);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(text_of(connector.get(connector.put(buffer_of("x")))), "x");
  for (auto const& key : consumers.keys()) connector.set(key, buffer_of(key.text()));
  EXPECT_EQ(consumers.join(), 20);
}

TEST_F(Redis, WakesThoseWhoStayWhenWhoListenedForAllGivesUp) {
  Server const server;
  RedisConnector connector(server.options());
  State first = State::ready;
  std::jthread listens([&] { first = connector.wait(connector.new_key({}), 50ms); });
  until_waited_for(connector, 1);
  Consumers consumers(connector, 5);
  listens.join();
  EXPECT_EQ(first, State::pending);
  for (auto const& key : consumers.keys()) command(server, {"SET", key.text(), key.text()});
  EXPECT_EQ(consumers.join(), 5);
}

TEST_F(Redis, SleepsOnThroughAFlushAndWakesAfterIt) {
  Server const server;
  RedisConnector connector(server.options());
  Consumers consumers(connector, 10);
  until_waited_for(connector, 10);
  command(server, "FLUSHALL");
  for (auto const& key : consumers.keys()) connector.set(key, buffer_of(key.text()));
  EXPECT_EQ(consumers.join(), 10);
}

TEST_F(Redis, WakesAConsumerAfterTheServerForgotThatItWaits) {
  Server const server({.arguments = {"--tracking-table-max-keys", "5"}});
  RedisConnector connector(server.options());
  Consumers consumers(connector, 50);
  for (auto const& key : consumers.keys()) command(server, {"SET", key.text(), key.text()});
  EXPECT_EQ(consumers.join(), 50);
}

TEST_F(Redis, WakesConsumersWhoseConnectionsWereCut) {
  Server const server;
  RedisConnector connector(server.options());
  Consumers consumers(connector, 20);
  until_waited_for(connector, 20);
  for (std::size_t i = 0; i < consumers.keys().size(); ++i) {
    if (i == 5) command(server, "CLIENT KILL TYPE pubsub");
    if (i == 10) command(server, "CLIENT KILL TYPE normal SKIPME yes");
    auto const& key = consumers.keys()[i];
    command(server, {"SET", key.text(), key.text()});
  }
  EXPECT_EQ(consumers.join(), 20);
}

TEST_F(Redis, WakesAThousandConsumersOfAServerThatStartedAgain) {
  Server server({.arguments = {"--appendonly", "yes"}});  // what was set survives
  RedisConnector connector(server.options());
  Consumers consumers(connector, 1000);
  until_waited_for(connector, 1000);
  auto const set = [&](std::size_t from, std::size_t to) {
    for (auto i = from; i < to; ++i) connector.set(consumers.keys()[i], buffer_of(consumers.keys()[i].text()));
  };
  set(0, 300);
  server.shut_down();
  server.start();
  set(300, 600);
  server.kill();
  server.start();
  set(600, 1000);
  EXPECT_EQ(consumers.join(), 1000);
}

TEST_F(Redis, EndsAWaitAtItsDeadlineWhileTheServerIsAway) {
  Server server;
  RedisConnector connector(server.options());
  Key const key = connector.new_key({});
  State state = State::ready;
  std::jthread consumer([&] { state = connector.wait(key, 300ms); });
  until_waited_for(connector, 1);
  server.kill();
  consumer.join();
  EXPECT_EQ(state, State::pending);
}

TEST_F(Redis, BreaksWaitsWhenItClosesWhileTheServerIsAway) {
  Server server;
  RedisConnector connector(server.options());
  Key const key = connector.new_key({});
  State state = State::ready;
  std::jthread consumer([&] { state = connector.wait(key, Deadline::never()); });
  until_waited_for(connector, 1);
  server.kill();
  connector.close();
  consumer.join();
  EXPECT_EQ(state, State::broken);
}

TEST_F(Redis, LooksNowAndThenWhereTheServerDoesNotPush) {
  Server const server;
  command(server, "ACL SETUSER plain on >pass ~* &* +@all -client|tracking");
  auto options = server.options();
  options.user = "plain";
  options.password = "pass";
  options.poll = 5ms;
  RedisConnector connector(options);
  Consumers consumers(connector, 20);
  while (connector.report().find("looking every 5 ms") == std::string::npos) std::this_thread::yield();
  for (auto const& key : consumers.keys()) command(server, {"SET", key.text(), key.text()});
  EXPECT_EQ(consumers.join(), 20);
  State state = State::pending;
  Key const evicted = connector.new_key({});
  std::jthread consumer([&] { state = connector.wait(evicted, patience); });
  connector.evict(evicted);
  consumer.join();
  EXPECT_EQ(state, State::gone);
}

TEST_F(Redis, HandsOverBetweenStoresOfDifferentProcessesTexts) {
  Server const server;
  auto here = Store::open("here", server.text());
  auto const future = here.future<std::vector<double>>();
  auto const travelled = deserialize<Proxy<std::vector<double>>>(serialize(future.proxy()));
  std::jthread producer([&] { future.set_result({1.5, 2.5}); });
  EXPECT_THAT(travelled.resolve(patience), testing::ElementsAre(1.5, 2.5));
}

}  // namespace
}  // namespace redis_test
