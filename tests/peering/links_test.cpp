/// Links that are cut, silent, doubled, or whose peer is not there yet.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "site.hpp"

namespace {

using namespace peering_test;
using Status = Reply::Status;
using State = PeerStatus::State;
using testing::HasSubstr;

Request ask_for(Op op, std::string key, Deadline deadline = Deadline(patience)) {
  return {.op = op, .key = std::move(key), .deadline = deadline};
}

void quick(PeersOptions& options) {
  options.keepalive = 100ms;
  options.connect_timeout = 1s;
  options.longest_backoff = 200ms;
}

struct Links : testing::Test {
  Site b{bert, quick}, a{anna, quick};
  Cable cable{b.peers().port()};
  void SetUp() override { a.knows(bert, cable.address()); }
};

TEST_F(Links, WaitsGoOnAfterALinkWasCut) {
  std::vector<std::future<Reply>> replies;
  for (int i = 0; i < 100; ++i) replies.push_back(a.ask(bert, ask_for(Op::wait, std::to_string(i))));
  ASSERT_TRUE(b.becomes(anna, [](PeerStatus const& status) { return status.serving == 100; }));
  cable.cut();
  ASSERT_TRUE(a.becomes(bert, [](PeerStatus const& status) { return status.state != State::up; }));
  EXPECT_TRUE(b.becomes(anna, [&](PeerStatus const&) { return b.waiting() == 0; })) << "nobody waits for nothing";
  for (int i = 0; i < 50; ++i) b.put(std::to_string(i), bytes_of("x"));
  cable.mend();
  for (int i = 50; i < 100; ++i) b.put(std::to_string(i), bytes_of("x"));
  for (auto& reply : replies) {
    ASSERT_EQ(reply.wait_for(patience), std::future_status::ready);
    EXPECT_EQ(reply.get().status, Status::ok);
  }
}

TEST_F(Links, RequestsEndInTimeWhileALinkIsCut) {
  ASSERT_EQ(a.answer(bert, ask_for(Op::exists, "k")).status, Status::absent);
  cable.cut();
  auto const reply = a.answer(bert, ask_for(Op::get, "k", Deadline(400ms)));
  EXPECT_EQ(reply.status, Status::timed_out);
  EXPECT_THAT(reply.text, HasSubstr(bert));
  cable.mend();
  EXPECT_EQ(a.answer(bert, ask_for(Op::exists, "k")).status, Status::absent);
}

TEST_F(Links, AnObjectUnderWayWhenTheLinkIsCutArrivesOrIsReported) {
  auto const object = pattern(std::size_t{96} << 20U);
  b.put("there", object);
  ASSERT_EQ(a.answer(bert, ask_for(Op::exists, "k")).status, Status::absent);
  auto got = a.ask(bert, ask_for(Op::get, "there"));
  auto set = a.ask(bert, {Op::set, "here", object, Deadline(patience)});
  ASSERT_TRUE(
      a.becomes(bert, [](PeerStatus const& status) { return status.received > 4'000'000 || status.asked == 0; }));
  cable.cut();
  cable.mend();
  ASSERT_EQ(got.wait_for(patience), std::future_status::ready);
  EXPECT_EQ(got.get().data, object) << "asked again";
  ASSERT_EQ(set.wait_for(patience), std::future_status::ready);
  auto const reply = set.get();
  if (reply.status == Status::ok) EXPECT_EQ(b.object("here"), object);
  else EXPECT_THAT(reply.text, HasSubstr("may be set there, or not"));
}

TEST_F(Links, ASetThatMayBeDoneIsNotRepeated) {
  std::promise<Answer> reached;
  Site c(carl, quick,
         {.handler = [&](std::string const&, Request const&, Answer const& answer) { reached.set_value(answer); }});
  Cable to_c(c.peers().port());
  a.knows(carl, to_c.address());
  auto reply = a.ask(carl, {Op::set, "k", bytes_of("x"), Deadline(patience)});
  auto answer = reached.get_future();
  ASSERT_EQ(answer.wait_for(patience), std::future_status::ready);
  to_c.cut();
  ASSERT_EQ(reply.wait_for(patience), std::future_status::ready);
  auto const lost = reply.get();
  EXPECT_EQ(lost.status, Status::unreachable);
  EXPECT_THAT(lost.text, HasSubstr("endpoint " + carl));
  ASSERT_TRUE(c.journal.awaits({"no longer linked with " + anna}));
  EXPECT_FALSE(answer.get().wanted());
}

TEST_F(Links, ASilentLinkIsNoticedAndReplaced) {
  auto reply = a.ask(bert, ask_for(Op::wait, "k"));
  ASSERT_TRUE(b.becomes(anna, [](PeerStatus const& status) { return status.serving == 1; }));
  cable.freeze();
  EXPECT_TRUE(a.journal.awaits({"no longer linked with " + bert, "silent"})) << a.journal.text();
  EXPECT_TRUE(b.journal.awaits({"no longer linked with " + anna, "silent"})) << b.journal.text();
  cable.thaw();
  b.put("k", bytes_of("x"));
  ASSERT_EQ(reply.wait_for(patience), std::future_status::ready);
  EXPECT_EQ(reply.get().status, Status::ok);
}

TEST_F(Links, AnIdleLinkStays) {
  ASSERT_EQ(a.answer(bert, ask_for(Op::exists, "k")).status, Status::absent);
  auto const received = a.status(bert).received;
  // Pongs of at least five keepalives.
  ASSERT_TRUE(a.becomes(bert, [&](PeerStatus const& status) { return status.received >= received + 5 * 16; }));
  EXPECT_EQ(cable.connections(), 1U);
}

TEST(LinksOfTwo, ThatDialAtOnceBecomeOne) {
  for (int i = 0; i < 20; ++i) {
    Site a(anna), b(bert);
    a.knows(b, KnownPeer::Dial::always);
    b.knows(a, KnownPeer::Dial::always);
    auto there = a.ask(bert, ask_for(Op::wait, "k")), back = b.ask(anna, ask_for(Op::wait, "k"));
    auto const one = [](PeerStatus const& status) { return status.links == 1 && status.state == State::up; };
    auto const settled = [&](PeerStatus const& status) { return one(status) && one(b.status(anna)); };
    ASSERT_TRUE(a.becomes(bert, settled)) << a.journal.text() << b.journal.text();
    a.put("k", bytes_of("x"));
    b.put("k", bytes_of("x"));
    ASSERT_EQ(there.wait_for(patience), std::future_status::ready);
    ASSERT_EQ(back.wait_for(patience), std::future_status::ready);
    EXPECT_EQ(there.get().status, Status::ok);
    EXPECT_EQ(back.get().status, Status::ok);
  }
}

TEST(LinksOfTwo, APeerThatComesLaterIsWaitedFor) {
  Cable nowhere(1);
  Site a(anna, quick);
  a.knows(bert, nowhere.address());
  auto reply = a.ask(bert, ask_for(Op::exists, "k"));
  EXPECT_TRUE(a.becomes(bert, [](PeerStatus const& status) { return !status.last_error.empty(); }));
  Site b(bert);
  a.knows(b);
  ASSERT_EQ(reply.wait_for(patience), std::future_status::ready);
  EXPECT_EQ(reply.get().status, Status::absent);
}

TEST(LinksOfTwo, APeerThatWasStartedAgainIsFoundAgain) {
  auto first = std::make_unique<Site>(bert);
  auto const address = first->address();
  Site a(anna, quick);
  a.knows(*first);
  auto reply = a.ask(bert, ask_for(Op::wait, "k"));
  ASSERT_TRUE(first->becomes(anna, [](PeerStatus const& status) { return status.serving == 1; }));
  first.reset();
  Site second(bert, [&](PeersOptions& options) { options.listen = address; });
  second.put("k", bytes_of("x"));
  ASSERT_EQ(reply.wait_for(patience), std::future_status::ready);
  EXPECT_EQ(reply.get().status, Status::ok);
}

TEST(LinksOfTwo, WhoCannotBeDialledIsAskedOverItsOwnLink) {
  Site b(bert);
  Site a(anna, [](PeersOptions& options) { options.listen.clear(); });
  a.put("k", bytes_of("of anna"));
  a.knows(b, KnownPeer::Dial::always);
  ASSERT_TRUE(b.linked(anna));
  EXPECT_EQ(b.answer(anna, ask_for(Op::get, "k")).data.text(), "of anna");
  EXPECT_EQ(b.status(anna).path, PeerStatus::Path::accepted);
  EXPECT_EQ(a.status(bert).path, PeerStatus::Path::dialled);
}

TEST(LinksOfTwo, StoppingSendsWhatIsThereAndFailsTheRest) {
  Site a(anna, quick);
  auto const object = pattern(std::size_t{32} << 20U);
  {
    Site b(bert, [](PeersOptions& options) { options.grace = patience; });
    a.knows(b);
    b.put("large", object);
    auto large = a.ask(bert, ask_for(Op::get, "large"));
    ASSERT_TRUE(a.becomes(bert, [](PeerStatus const& status) { return status.received > 1'000'000; }));
    auto own = b.ask(anna, ask_for(Op::wait, "k"));
    ASSERT_TRUE(b.stop());
    ASSERT_EQ(own.wait_for(patience), std::future_status::ready);
    EXPECT_THAT(own.get().text, HasSubstr("was stopped"));
    ASSERT_EQ(large.wait_for(patience), std::future_status::ready);
    EXPECT_EQ(large.get().data, object);
    EXPECT_THAT(b.answer(anna, ask_for(Op::get, "k")).text, HasSubstr("was stopped"));
    EXPECT_TRUE(b.stop()) << "idempotent";
  }
  EXPECT_EQ(a.answer(bert, ask_for(Op::exists, "k", Deadline(100ms))).status, Status::timed_out);
}

}  // namespace
