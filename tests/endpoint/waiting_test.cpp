// Consumers that wait, and what wakes them.
#include "support.hpp"

#include "raw.hpp"

namespace endpoint_test {
namespace {

/// Threads that each wait for a key of their own.
class Consumers {
 public:
  Consumers(EndpointConnector& connector, int n) : seen_(static_cast<std::size_t>(n)) {
    for (auto& seen : seen_) {
      keys_.push_back(connector.new_key({}));
      threads_.emplace_back([&connector, &seen, key = keys_.back()] { seen = connector.receive(key, patience); });
    }
  }
  std::vector<Key> const& keys() const { return keys_; }
  void set_all(EndpointConnector& connector) const {
    for (auto const& key : keys_) connector.set(key, buffer_of(key.text()));
  }
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

TEST(EndpointWaiting, EndsWhenAnotherClientSetsTheKey) {
  Daemon const daemon;
  EndpointConnector connector(daemon.options());
  Consumers consumers(connector, 1);
  until_waited_for(connector, 1);
  auto const key = EndpointKey::of(consumers.keys()[0]);
  auto const text = consumers.keys()[0].text();
  // As Python ProxyStore's client says it.
  EXPECT_THAT(ask(daemon.port(), "POST /set?key=" + key.object_id + "&endpoint=" + key.endpoint_id +
                                     " HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n" +
                                     "5\r\n" + text.substr(0, 5) + "\r\n44\r\n" + text.substr(5) + "\r\n0\r\n\r\n"),
              StartsWith("HTTP/1.1 200"));
  EXPECT_EQ(consumers.join(), 1);
}

TEST(EndpointWaiting, CostsNoConnectionOfThosesThatOperate) {
  Daemon const daemon;
  auto options = daemon.options();
  options.connections = 1;
  EndpointConnector connector(options);
  Consumers consumers(connector, 40);
  until_waited_for(connector, 40);
  consumers.set_all(connector);
  EXPECT_EQ(consumers.join(), 40);
}

TEST(EndpointWaiting, GoesOnWhileItsEndpointIsStoppedAndStartedAgain) {
  Daemon daemon;
  EndpointConnector connector(daemon.options());
  Consumers consumers(connector, 150);
  until_waited_for(connector, 150);
  EXPECT_EQ(daemon.stop(), 0);
  daemon.start();
  consumers.set_all(connector);
  EXPECT_EQ(consumers.join(), 150);
}

TEST(EndpointWaiting, GoesOnWhileItsEndpointIsKilledAndStartedAgain) {
  Daemon daemon({"--persist"});
  EndpointConnector connector(daemon.options());
  Consumers consumers(connector, 150);
  until_waited_for(connector, 150);
  consumers.set_all(connector);
  daemon.kill();  // whether each has read its object yet or not
  daemon.start();
  EXPECT_EQ(consumers.join(), 150);
}

TEST(EndpointWaiting, EndsAtTheDeadlineWhileItsEndpointIsAway) {
  Daemon daemon;
  EndpointConnector connector(daemon.options());
  auto const key = connector.new_key({});
  State seen = State::broken;
  std::jthread consumer([&] { seen = connector.wait(key, 400ms); });
  until_waited_for(connector, 1);
  daemon.kill();
  consumer.join();
  EXPECT_EQ(seen, State::pending);
}

TEST(EndpointWaiting, EndsAtTheDeadlineWhileItsEndpointHangs) {
  Daemon const daemon;
  EndpointConnector connector(daemon.options());  // its timeout is 10 s
  auto const key = connector.new_key({});
  daemon.freeze();
  auto const start = Deadline::Clock::now();
  EXPECT_EQ(connector.wait(key, 20ms), State::pending);
  EXPECT_LT(Deadline::Clock::now() - start, 5s);
  daemon.thaw();
}

TEST(EndpointWaiting, ThrowsWhereThereNeverWasAnEndpoint) {
  Daemon daemon;
  auto options = daemon.options();
  options.reconnect = 30ms;
  EndpointConnector connector(options);
  auto const key = connector.put(buffer_of("x"));
  daemon.kill();
  EXPECT_THROW((void)connector.wait(key, patience), ConnectorError);
  EXPECT_THROW((void)connector.get(key), ConnectorError);
  EXPECT_THROW(connector.set(connector.new_key({}), buffer_of("x")), ConnectorError);
}

TEST(EndpointWaiting, IsForgottenByTheEndpointWhenTheClientGoes) {
  Daemon const daemon;
  auto const key = make_uuid_key().text();
  auto const request = "GET /get?wait=60000&key=" + key + " HTTP/1.1\r\nHost: x\r\n\r\n";
  auto const descriptors = [&] {
    auto const folder = std::filesystem::directory_iterator("/proc/" + std::to_string(daemon.process()) + "/fd");
    return std::distance(begin(folder), end(folder));
  };
  auto const before = descriptors();
  {
    Raw const one(daemon.port()), other(daemon.port());
    one.say(request);
    other.say(request);
    EXPECT_THAT(one.hear_until("\r\n\r\n"), StartsWith("HTTP/1.1 102"));
    EXPECT_THAT(other.hear_until("\r\n\r\n"), StartsWith("HTTP/1.1 102"));
  }
  while (descriptors() > before) std::this_thread::yield();
}

TEST(EndpointWaiting, TellsThatAnObjectIsGoneAlsoAfterARestart) {
  Daemon daemon({"--persist"});
  EndpointConnector connector(daemon.options());
  auto const key = connector.put(buffer_of("x"));
  auto const never_set = connector.new_key({});
  connector.evict(key);
  connector.evict(never_set);
  EXPECT_EQ(daemon.stop(), 0);
  daemon.start();
  EXPECT_EQ(connector.wait(key, patience), State::gone);
  EXPECT_EQ(connector.receive(never_set, patience).state, State::gone);
  EXPECT_THROW(connector.set(never_set, buffer_of("y")), ObjectNotFound);
}

TEST(EndpointWaiting, ThroughAStoreSurvivesARestartAndCarriesFailures) {
  Daemon daemon({"--persist"});
  register_connectors();
  auto store = Store::open("waits", daemon.text());
  auto const good = store.future<std::string>(), bad = store.future<std::string>();
  std::string text, failure;
  std::jthread first([&, proxy = good.proxy()] { text = proxy.resolve(patience); });
  std::jthread second([&, proxy = bad.proxy()] {
    try {
      (void)proxy.resolve(patience);
    } catch (RemoteError const& error) {
      failure = error.failure().message;
    }
  });
  daemon.kill();
  daemon.start();
  good.set_result("after all");
  bad.set_exception(std::runtime_error("step 7 diverged"));
  first.join();
  second.join();
  EXPECT_EQ(text, "after all");
  EXPECT_EQ(failure, "step 7 diverged");
}

TEST(EndpointOperations, GoOnWhenTheirEndpointHasStartedAgain) {
  Daemon daemon({"--persist"});
  EndpointConnector connector(daemon.options());
  Key const kept = connector.put(filled(3'000'000, 3));
  daemon.kill();
  std::optional<Bytes> got;
  std::jthread reader([&] { got = connector.get(kept); });  // tries for 5 s
  daemon.start();
  reader.join();
  ASSERT_TRUE(got && got->size() == 3'000'000);
  EXPECT_TRUE(is_filled(got->span(), 3));
}

TEST(EndpointOperations, LoseWhatIsNotPersisted) {
  Daemon daemon;
  EndpointConnector connector(daemon.options());
  Key const key = connector.put(buffer_of("x"));
  EXPECT_EQ(daemon.stop(), 0);
  daemon.start();
  EXPECT_EQ(connector.get(key), std::nullopt);
  EXPECT_FALSE(connector.exists(key));
}

TEST(EndpointOperations, SayThatTheirEndpointHangs) {
  Daemon const daemon;
  auto options = daemon.options();
  options.timeout = 1s;  // a machine that is busy needs some
  EndpointConnector connector(options), patient(daemon.options());
  Key const key = patient.put(buffer_of("x"));
  daemon.freeze();
  EXPECT_THAT(error_of<ConnectorError>([&] { (void)connector.get(key); }), HasSubstr("did not answer in time"));
  EXPECT_THROW(connector.put(filled(90'000'000, 1)), ConnectorError);  // more than a socket holds
  daemon.thaw();
  EXPECT_EQ(text_of(patient.get(key)), "x");
}

}  // namespace
}  // namespace endpoint_test
