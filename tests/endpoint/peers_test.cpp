// Endpoints with peers: processes that reach each other's objects over links, directly and through a relay.
#include "support.hpp"

#include "process.hpp"

namespace endpoint_test {
namespace {

/// Two sites, each with an endpoint and a home of its own; the second knows where to dial the first.
class EndpointPeers : public testing::Test {
 protected:
  EndpointPeers() { EXPECT_EQ(run(home_, {"secret", secret_}).status, 0); }

  /// An endpoint that can be dialled.
  std::unique_ptr<Daemon> make_near(std::vector<std::string> more = {}) const {
    more.insert(more.end(), {"--secret-file", secret_, "--listen", "127.0.0.1:0"});
    auto near = std::make_unique<Daemon>(more, "near");
    auto const file = near->folder() + "/config.toml";  // the same port when it starts again
    std::ifstream in(file);
    std::string text{std::istreambuf_iterator<char>(in), {}};
    text.replace(text.find("127.0.0.1:0") + 10, 1, peer_port(*near));
    std::ofstream(file) << text;
    return near;
  }
  static std::string peer_port(Daemon const& daemon) {
    auto const log = daemon.log();
    auto const at = log.find("peers can dial");
    auto const begin = log.find("(port ", at) + 6;
    return log.substr(begin, log.find(')', begin) - begin);
  }
  std::unique_ptr<Daemon> make_far(Daemon const& near, std::vector<std::string> more = {}) const {
    more.insert(more.end(), {"--secret-file", secret_});
    auto far = std::make_unique<Daemon>(more, "far");
    far->stop();
    EXPECT_EQ(
        run(far->home(), {"peer", "far", near.uuid(), "--address", "127.0.0.1:" + peer_port(near), "--always"}).status,
        0);
    far->start();
    return far;
  }

  Folder folder_;
  std::string const home_ = folder_.path(), secret_ = folder_.path() + "/secret";
};

TEST_F(EndpointPeers, ReachEachOthersObjectsBothWays) {
  auto const near = make_near(), far = make_far(*near);
  EndpointConnector here(near->options()), there(far->options());
  auto const ours = here.put(buffer_of("ours")), theirs = there.put(buffer_of("theirs"));
  EXPECT_EQ(text_of(there.get(ours)), "ours");
  EXPECT_EQ(text_of(here.get(theirs)), "theirs");  // over the link that far has dialled
  EXPECT_TRUE(there.exists(ours));
  there.evict(ours);
  EXPECT_FALSE(here.exists(ours));
  EXPECT_EQ(there.get(ours), std::nullopt);
  EXPECT_EQ(there.wait(ours, patience), State::gone);
  EXPECT_THAT(run(far->home(), {"peers", "far"}).output, HasSubstr(near->uuid()));
}

TEST_F(EndpointPeers, CarryLargeObjects) {
  auto const near = make_near(), far = make_far(*near);
  EndpointConnector here(near->options()), there(far->options());
  auto const ours = here.put(filled(50'000'000, 1));
  auto const got = there.get(ours);
  ASSERT_TRUE(got && got->size() == 50'000'000 && is_filled(got->span(), 1));
  auto const key = here.new_key({});
  there.set(key, filled(50'000'000, 2));
  auto const set = here.get(key);
  ASSERT_TRUE(set && set->size() == 50'000'000 && is_filled(set->span(), 2));
}

TEST_F(EndpointPeers, LetTheFirstSetWinAcross) {
  auto const near = make_near(), far = make_far(*near);
  EndpointConnector here(near->options()), there(far->options());
  auto const key = here.new_key({});
  there.set(key, buffer_of("first"));
  EXPECT_THROW(here.set(key, buffer_of("second")), AlreadySet);
  EXPECT_THROW(there.set(key, buffer_of("third")), AlreadySet);
  there.evict(key);
  EXPECT_THROW(there.set(key, buffer_of("fourth")), ObjectNotFound);
}

TEST_F(EndpointPeers, WakeConsumersAcross) {
  auto const near = make_near(), far = make_far(*near);
  EndpointConnector here(near->options()), there(far->options());
  auto const key = here.new_key({});
  std::vector<std::optional<std::string>> seen(20);
  {
    std::vector<std::jthread> consumers;
    for (auto& text : seen) consumers.emplace_back([&] { text = text_of(there.receive(key, patience).object); });
    until_waited_for(there, 20);
    here.set(key, buffer_of("woken"));
  }
  EXPECT_THAT(seen, Each(std::optional("woken"s)));
}

TEST_F(EndpointPeers, GoOnWaitingWhileAPeerIsKilledAndStartedAgain) {
  auto const near = make_near({"--persist"});
  auto const far = make_far(*near);
  EndpointConnector here(near->options()), there(far->options());
  auto const key = here.new_key({});
  DeferrableConnector::Received seen;
  std::jthread consumer([&] { seen = there.receive(key, patience); });
  until_waited_for(there, 1);
  near->kill();
  near->start();
  here.set(key, buffer_of("after all"));
  consumer.join();
  EXPECT_EQ(text_of(seen.object), "after all");
}

TEST_F(EndpointPeers, SayThatAPeerIsUnknownOrTooSmall) {
  auto const near = make_near({"--max-object-size", "1000"}), far = make_far(*near);
  EndpointConnector there(far->options());
  auto const nobody = EndpointKey{"key", make_uuid_key().text()}.key();
  EXPECT_THAT(error_of<ConnectorError>([&] { (void)there.get(nobody); }), HasSubstr("no way to endpoint"));
  EXPECT_THROW((void)there.wait(nobody, patience), ConnectorError);
  EXPECT_THROW(there.set(EndpointKey{"key", near->uuid()}.key(), filled(1001, 1)), StoreFull);
}

TEST_F(EndpointPeers, RefuseWhoHasAnotherSecret) {
  auto const near = make_near();
  auto const wrong = folder_.path() + "/wrong";
  ASSERT_EQ(run(home_, {"secret", wrong}).status, 0);
  Daemon stranger({"--secret-file", wrong}, "stranger");
  stranger.stop();
  ASSERT_EQ(
      run(stranger.home(), {"peer", "stranger", near->uuid(), "--address", "127.0.0.1:" + peer_port(*near)}).status, 0);
  stranger.start();
  EndpointConnector connector(stranger.options());
  EXPECT_THROW((void)connector.get(EndpointKey{"key", near->uuid()}.key()), ConnectorError);
  while (near->log().find("WARNING") == std::string::npos) std::this_thread::yield();  // it is logged
}

TEST_F(EndpointPeers, MeetAtARelayWhereNeitherCanBeDialled) {
  auto const token = folder_.path() + "/token";
  ASSERT_EQ(run(home_, {"secret", token}).status, 0);
  Process relay(home_, {"relay", "--listen", "127.0.0.1:0", "--secret-file", token});
  auto const said = relay.until("(port ");
  auto const begin = said.find("(port ") + 6;
  auto const address = "127.0.0.1:" + said.substr(begin, said.find(')', begin) - begin);
  std::vector<std::string> const options{"--secret-file", secret_, "--relay", address, "--relay-secret-file", token};
  Daemon const one(options, "one"), two(options, "two");
  EndpointConnector here(one.options()), there(two.options());
  auto const ours = here.put(filled(5'000'000, 1)), theirs = there.put(buffer_of("theirs"));
  auto const got = there.get(ours);
  ASSERT_TRUE(got && got->size() == 5'000'000 && is_filled(got->span(), 1));
  EXPECT_EQ(text_of(here.get(theirs)), "theirs");
  auto const key = here.new_key({});
  DeferrableConnector::Received seen;
  std::jthread consumer([&] { seen = there.receive(key, patience); });
  until_waited_for(there, 1);
  here.set(key, buffer_of("through the relay"));
  consumer.join();
  EXPECT_EQ(text_of(seen.object), "through the relay");
  EXPECT_EQ(relay.end(), 0);
}

TEST_F(EndpointPeers, AreConfiguredByHandAndChecked) {
  auto const call = [&](std::vector<std::string> const& words) { return run(home_, words); };
  auto const uuid = make_uuid_key().text();
  EXPECT_THAT(call({"configure", "a", "--listen", "127.0.0.1:0"}).output, HasSubstr("proves itself with a secret"));
  EXPECT_THAT(call({"configure", "a", "--secret-file", home_ + "/nothing"}).output, HasSubstr("nothing"));
  std::filesystem::permissions(secret_, std::filesystem::perms::group_read, std::filesystem::perm_options::add);
  EXPECT_NE(call({"configure", "a", "--secret-file", secret_}).status, 0);
  std::filesystem::permissions(secret_, std::filesystem::perms::group_read, std::filesystem::perm_options::remove);
  EXPECT_EQ(call({"secret", secret_}).status, 1);  // overwrites nothing
  ASSERT_EQ(call({"configure", "a", "--secret-file", secret_, "--known-only"}).status, 0);
  EXPECT_THAT(call({"peer", "a", "nobody"}).output, HasSubstr("is no UUID"));
  EXPECT_EQ(call({"peer", "a", uuid, "--address", "host:1"}).status, 0);
  EXPECT_EQ(call({"peer", "a", uuid, "--address", "host:2", "--always"}).status, 0);
  std::ifstream in(home_ + "/a/config.toml");
  std::string const text{std::istreambuf_iterator<char>(in), {}};
  EXPECT_THAT(text, testing::AllOf(HasSubstr(uuid), HasSubstr("host:2"), Not(HasSubstr("host:1")),
                                   HasSubstr("known_only = true")));
  EXPECT_EQ(call({"peer", "a", uuid, "--forget"}).status, 0);
  EXPECT_THAT(call({"peer", "a", uuid, "--forget"}).output, HasSubstr("knows no peer"));
  std::ofstream(home_ + "/a/config.toml", std::ios::app) << "\n[peering.relay]\naddres = 'x'\n";
  EXPECT_THAT(call({"start", "a"}).output, HasSubstr("no option 'addres'"));
}

}  // namespace
}  // namespace endpoint_test
