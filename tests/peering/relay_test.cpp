/// Endpoints that meet at a relay, since neither can reach the other.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "authority.hpp"
#include "site.hpp"

namespace {

using namespace peering_test;
using Status = Reply::Status;
using State = PeerStatus::State;
using Path = PeerStatus::Path;
using testing::HasSubstr;
using testing::Not;

Request ask_for(Op op, std::string key, Deadline deadline = Deadline(patience)) {
  return {.op = op, .key = std::move(key), .deadline = deadline};
}

auto behind(std::string const& relay, Identity const& token = secret('r')) {
  return [=](PeersOptions& options) {
    options.listen.clear();
    options.relay = RelayAccess{relay, token};
    options.keepalive = 200ms;
    options.longest_backoff = 200ms;
  };
}

bool registered(Site const& site) { return site.journal.awaits({"registered at the relay"}); }

TEST(Relays, TwoThatCannotBeDialledExchangeObjects) {
  RelayHost relay;
  Site a(anna, behind(relay.address())), b(bert, behind(relay.address()));
  ASSERT_TRUE(registered(b)) << b.journal.text();
  auto const object = pattern(std::size_t{8} << 20U);
  EXPECT_EQ(a.answer(bert, {Op::set, "k", object, Deadline(patience)}).status, Status::ok) << a.journal.text();
  EXPECT_EQ(b.object("k"), object);
  auto waited = b.ask(anna, ask_for(Op::wait, "of anna"));
  ASSERT_TRUE(a.becomes(bert, [](PeerStatus const& status) { return status.serving == 1; }));
  a.put("of anna", object);
  ASSERT_EQ(waited.wait_for(patience), std::future_status::ready);
  EXPECT_EQ(b.answer(anna, ask_for(Op::get, "of anna")).data, object);
  EXPECT_EQ(a.status(bert).path, Path::relayed);
  EXPECT_TRUE(relay.becomes([&](RelayStatus const& status) { return status.passed > 2 * object.size(); }));
  EXPECT_EQ(relay.status().sessions, 1U);
}

TEST(Relays, NobodyNeedsALog) {
  RelayHost relay([](RelayOptions& options) { options.log = {}; });
  auto const silent = [&](PeersOptions& options) {
    behind(relay.address())(options);
    options.log = {};
  };
  Site a(anna, silent), b(bert, silent);
  EXPECT_EQ(a.answer(bert, ask_for(Op::exists, "k")).status, Status::absent);
}

TEST(Relays, ADirectWayIsTakenFirst) {
  RelayHost relay;
  Site b(bert, [&](PeersOptions& options) { options.relay = RelayAccess{relay.address(), secret('r')}; });
  Site a(anna, behind(relay.address()));
  ASSERT_TRUE(registered(a));
  ASSERT_TRUE(registered(b));
  a.knows(b);
  EXPECT_EQ(a.answer(bert, ask_for(Op::exists, "k")).status, Status::absent);
  EXPECT_EQ(a.status(bert).path, Path::dialled);
  EXPECT_EQ(relay.status().sessions, 0U);
}

TEST(Relays, WhereTheDirectWayFailsTheRelayIsTaken) {
  RelayHost relay;
  Site a(anna, behind(relay.address())), b(bert, behind(relay.address()));
  ASSERT_TRUE(registered(b));
  Cable nowhere(1);
  a.knows(bert, nowhere.address());
  EXPECT_EQ(a.answer(bert, ask_for(Op::exists, "k")).status, Status::absent);
  EXPECT_EQ(a.status(bert).path, Path::relayed);
}

TEST(Relays, TheRelaySeesNothingOfWhatIsSaid) {
  RelayHost relay;
  Cable cable(relay.port());
  Site a(anna, behind(cable.address())), b(bert, behind(cable.address()));
  ASSERT_TRUE(registered(b));
  std::string const words = "a text that is easily recognised";
  EXPECT_EQ(a.answer(bert, {Op::set, "name-of-the-object", bytes_of(words), Deadline(patience)}).status, Status::ok);
  EXPECT_EQ(a.answer(bert, ask_for(Op::get, "name-of-the-object")).data.text(), words);
  EXPECT_GE(cable.connections(), 4U) << "two that register, and two that meet";
  EXPECT_THAT(cable.seen(), Not(HasSubstr(words)));
  EXPECT_THAT(cable.seen(), Not(HasSubstr("name-of-the-object")));
  EXPECT_THAT(cable.seen(), Not(HasSubstr(secret('r').text())));
}

TEST(Relays, AnotherTokenIsRefusedAndLogged) {
  RelayHost relay;
  Site a(anna, behind(relay.address(), secret('x')));
  EXPECT_TRUE(relay.journal.awaits({"warning", "relay: refused 127.0.0.1:"}));
  EXPECT_TRUE(a.journal.awaits({"warning", "not registered at the relay"}));
  EXPECT_EQ(relay.status().registrants, 0U);
  auto const reply = a.answer(bert, ask_for(Op::get, "k", Deadline(300ms)));
  EXPECT_EQ(reply.status, Status::timed_out);
  EXPECT_THAT(reply.text, HasSubstr(relay.address()));
}

TEST(Relays, CertificatesDecideWhoRegisters) {
  Authority authority;
  RelayHost relay([&](RelayOptions& options) { options.identity = authority.sign({.uri = "urn:proxystore:relay"}); });
  Site a(anna, behind(relay.address(), authority.sign_for(anna)));
  EXPECT_TRUE(registered(a)) << a.journal.text();
  Site impostor(carl, behind(relay.address(), authority.sign_for(bert)));
  EXPECT_TRUE(relay.journal.awaits({"warning", "does not name " + carl})) << relay.journal.text();
  EXPECT_EQ(relay.status().registrants, 1U);
}

TEST(Relays, AnEndpointIsNoRelayForItsPeers) {
  Authority authority;
  RelayHost relay([&](RelayOptions& options) { options.identity = authority.sign_for(carl); });
  Site a(anna, behind(relay.address(), authority.sign_for(anna)));
  EXPECT_TRUE(a.journal.awaits({"warning", "does not name relay"})) << a.journal.text();
}

/// Who has the token may register as anybody, and gets nothing by it: the link itself asks for the peer's own secret.
TEST(Relays, AnImpostorAtTheRelayLearnsNothing) {
  RelayHost relay;
  Site a(anna, behind(relay.address()));
  Site impostor(bert, [&](PeersOptions& options) {
    behind(relay.address())(options);
    options.identity = secret('x');
  });
  ASSERT_TRUE(registered(impostor));
  auto const reply = a.answer(bert, {Op::set, "k", bytes_of("confidential"), Deadline(patience)});
  EXPECT_EQ(reply.status, Status::unreachable) << reply.text;
  EXPECT_EQ(impostor.object("k").size(), 0U);
  EXPECT_TRUE(impostor.journal.awaits({"warning", "refused a peer"}));
}

TEST(Relays, AnEndpointThatIsNotRegisteredYetIsWaitedFor) {
  RelayHost relay;
  Site a(anna, behind(relay.address()));
  ASSERT_TRUE(registered(a));
  auto reply = a.ask(bert, ask_for(Op::exists, "k"));
  ASSERT_TRUE(a.becomes(
      bert, [](PeerStatus const& status) { return status.last_error.find("not registered") != std::string::npos; }));
  Site b(bert, behind(relay.address()));
  ASSERT_EQ(reply.wait_for(patience), std::future_status::ready);
  EXPECT_EQ(reply.get().status, Status::absent);
}

TEST(Relays, ARelayThatIsStartedAgainIsFoundAgain) {
  auto first = std::make_unique<RelayHost>();
  auto const address = first->address();
  Site a(anna, behind(address)), b(bert, behind(address));
  ASSERT_TRUE(registered(b));
  auto waited = a.ask(bert, ask_for(Op::wait, "k"));
  ASSERT_TRUE(b.becomes(anna, [](PeerStatus const& status) { return status.serving == 1; }));
  first.reset();
  ASSERT_TRUE(a.becomes(bert, [](PeerStatus const& status) { return status.state != State::up; }));
  b.put("k", bytes_of("x"));
  RelayHost second([&](RelayOptions& options) { options.listen = address; });
  ASSERT_EQ(waited.wait_for(patience), std::future_status::ready);
  EXPECT_EQ(waited.get().status, Status::ok);
}

TEST(Relays, WhoRegistersAgainTakesThePlace) {
  RelayHost relay;
  Cable cable(relay.port());
  Site a(anna, behind(relay.address()));
  Site b(bert, behind(cable.address()));
  ASSERT_TRUE(registered(b));
  cable.freeze();  // the relay does not know yet that bert is gone
  Site again(bert, behind(relay.address()));
  ASSERT_TRUE(relay.journal.awaits({bert, "registered again"}));
  EXPECT_EQ(a.answer(bert, ask_for(Op::exists, "k")).status, Status::absent);
}

TEST(Relays, ATicketThatIsNoneIsRefused) {
  RelayHost relay;
  EXPECT_EQ(talk(relay.port(), "PXSMEET1" + std::string(32, 't')), "");
  EXPECT_TRUE(relay.journal.awaits({"warning", "refused", "neither TLS nor a valid ticket"}));
  EXPECT_EQ(talk(relay.port(), "GET / HTTP/1.1\r\nHost: a-rather-long-name-of-a-host\r\n\r\n"), "");
}

TEST(Relays, ConnectionsThatSayNothingAreClosed) {
  RelayHost relay([](RelayOptions& options) { options.meeting = 100ms; });
  EXPECT_EQ(talk(relay.port(), ""), "");
  EXPECT_EQ(talk(relay.port(), "PXSM"), "");
  EXPECT_EQ(talk(relay.port(), "\x16\x03\x01"), "");
}

TEST(Relays, SessionsAreLimited) {
  RelayHost relay([](RelayOptions& options) { options.sessions = 1; });
  Site a(anna, behind(relay.address())), b(bert, behind(relay.address())), c(carl, behind(relay.address()));
  ASSERT_TRUE(registered(a));
  ASSERT_TRUE(registered(b));
  ASSERT_TRUE(registered(c));
  ASSERT_EQ(a.answer(bert, ask_for(Op::exists, "k")).status, Status::absent);
  auto const reply = c.answer(bert, ask_for(Op::exists, "k", Deadline(500ms)));
  EXPECT_EQ(reply.status, Status::timed_out);
  EXPECT_THAT(reply.text, HasSubstr("too many sessions"));
}

TEST(Relays, RegistrantsAreLimited) {
  RelayHost relay([](RelayOptions& options) { options.registrants = 1; });
  Site a(anna, behind(relay.address()));
  ASSERT_TRUE(registered(a));
  Site b(bert, behind(relay.address()));
  EXPECT_TRUE(b.journal.awaits({"not registered", "too many registrants"})) << b.journal.text();
}

}  // namespace
