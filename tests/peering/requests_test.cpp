/// What goes over a link, in both directions and at the same time.
#include <atomic>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "site.hpp"

namespace {

using namespace peering_test;
using Status = Reply::Status;
using testing::HasSubstr;

Deadline soon() { return Deadline(patience); }
Request ask_for(Op op, std::string key, Deadline deadline = soon()) {
  return {.op = op, .key = std::move(key), .deadline = deadline};
}
Request set(std::string key, Bytes data) { return {Op::set, std::move(key), std::move(data), soon()}; }

/// Two that know each other.
struct Requests : testing::Test {
  void link(std::function<void(PeersOptions&)> const& change_a = {},
            std::function<void(PeersOptions&)> const& change_b = {}, Handler const& handler = {}) {
    b = std::make_unique<Site>(bert, change_b, SiteOptions{.handler = handler});
    a = std::make_unique<Site>(anna, change_a);
    a->knows(*b);
  }
  std::unique_ptr<Site> b, a;
};

TEST_F(Requests, EveryOperationHasItsReply) {
  link();
  EXPECT_EQ(a->answer(bert, ask_for(Op::exists, "k")).status, Status::absent);
  EXPECT_EQ(a->answer(bert, ask_for(Op::get, "k")).status, Status::absent);
  EXPECT_EQ(a->answer(bert, set("k", bytes_of("object"))).status, Status::ok);
  EXPECT_EQ(a->answer(bert, set("k", bytes_of("another"))).status, Status::already_set);
  EXPECT_EQ(a->answer(bert, ask_for(Op::exists, "k")).status, Status::ok);
  EXPECT_EQ(a->answer(bert, ask_for(Op::wait, "k")).status, Status::ok);
  EXPECT_EQ(a->answer(bert, ask_for(Op::get, "k")).data.text(), "object");
  EXPECT_EQ(a->answer(bert, ask_for(Op::evict, "k")).status, Status::ok);
  EXPECT_EQ(a->answer(bert, ask_for(Op::exists, "k")).status, Status::absent);
}

TEST_F(Requests, ObjectsOfAllSizesArriveAsTheyWere) {
  link();
  for (std::size_t const size : {0UL, 1UL, 48UL, 49UL, 65535UL, 65536UL, 65537UL, 131056UL, 131057UL, 1000003UL}) {
    auto const object = pattern(size);
    auto const key = std::to_string(size);
    ASSERT_EQ(a->answer(bert, set(key, object)).status, Status::ok) << size;
    EXPECT_EQ(b->object(key), object) << size;
    EXPECT_EQ(a->answer(bert, ask_for(Op::get, key)).data, object) << size;
  }
}

TEST_F(Requests, KeysMayBeAnyBytesUpToALength) {
  link();
  std::string const odd("\0\n/\xff", 4), longest(longest_key, 'k');
  for (auto const& key : {odd, longest, std::string()}) {
    EXPECT_EQ(a->answer(bert, set(key, bytes_of("x"))).status, Status::ok);
    EXPECT_EQ(b->object(key).text(), "x");
  }
  auto const reply = a->answer(bert, ask_for(Op::get, longest + 'k'));
  EXPECT_EQ(reply.status, Status::error);
  EXPECT_THAT(reply.text, HasSubstr("too long"));
}

TEST_F(Requests, AThousandAreUnderWayInBothDirections) {
  link();
  ASSERT_EQ(a->answer(bert, ask_for(Op::exists, "k")).status, Status::absent);
  std::vector<std::future<Reply>> there, back;
  for (int i = 0; i < 1000; ++i) {
    there.push_back(a->ask(bert, ask_for(Op::wait, "b" + std::to_string(i))));
    back.push_back(b->ask(anna, ask_for(Op::wait, "a" + std::to_string(i))));
  }
  ASSERT_TRUE(a->becomes(bert, [](PeerStatus const& status) { return status.serving == 1000; }));
  ASSERT_TRUE(
      b->becomes(anna, [](PeerStatus const& status) { return status.serving == 1000 && status.asked == 1000; }));
  for (int i = 999; i >= 0; --i) {
    a->put("a" + std::to_string(i), bytes_of("x"));
    b->put("b" + std::to_string(i), bytes_of("x"));
  }
  for (auto* const replies : {&there, &back})
    for (auto& reply : *replies) {
      ASSERT_EQ(reply.wait_for(patience), std::future_status::ready);
      EXPECT_EQ(reply.get().status, Status::ok);
    }
  EXPECT_EQ(a->status(bert).links, 1U);
}

TEST_F(Requests, LargeObjectsDoNotHoldUpSmallOnes) {
  link();
  constexpr std::size_t large = std::size_t{64} << 20U;
  auto const first = pattern(large, 1), second = pattern(large, 2);
  b->put("small", bytes_of("0123456789"));
  b->put("second", second);
  std::atomic<int> large_done = 0;
  std::promise<void> both;
  auto const count = [&](Reply const& reply) {
    EXPECT_EQ(reply.status, Status::ok) << reply.text;
    if (++large_done == 2) both.set_value();
  };
  a->peers().request(bert, set("first", first), count);
  a->peers().request(bert, ask_for(Op::get, "second"), count);
  int small_before = 0;
  for (; large_done == 0; ++small_before)
    ASSERT_EQ(a->answer(bert, ask_for(Op::get, "small")).data.text(), "0123456789");
  EXPECT_GT(small_before, 4);  // held up by the large ones, one or two would be
  ASSERT_EQ(both.get_future().wait_for(patience), std::future_status::ready);
  EXPECT_EQ(b->object("first"), first);
  EXPECT_EQ(a->answer(bert, ask_for(Op::get, "second")).data, second);
}

TEST_F(Requests, LargeObjectsTakeTurns) {
  link();
  auto const object = pattern(std::size_t{1} << 20U);
  std::atomic<int> done = 0, huge_at = 0, large_at = 0;
  std::promise<void> both;
  auto const count = [&](std::atomic<int>& at) {
    return [&](Reply const& reply) {
      EXPECT_EQ(reply.status, Status::ok) << reply.text;
      at = ++done;
      if (at == 2) both.set_value();
    };
  };
  a->peers().request(bert, set("huge", pattern(std::size_t{96} << 20U)), count(huge_at));
  a->peers().request(bert, set("large", object), count(large_at));
  ASSERT_EQ(both.get_future().wait_for(patience), std::future_status::ready);
  EXPECT_LT(large_at, huge_at);
  EXPECT_EQ(b->object("large"), object);
}

TEST_F(Requests, MoreDataThanThereMayBeMemoryForTakesTurns) {
  link([](PeersOptions& options) { options.memory = 300'000; },
       [](PeersOptions& options) { options.memory = 300'000; });
  std::vector<std::future<Reply>> replies;
  for (int i = 0; i < 20; ++i) replies.push_back(a->ask(bert, set(std::to_string(i), pattern(200'000, i))));
  replies.push_back(a->ask(bert, set("larger than all of it", pattern(2'000'000))));
  for (auto& reply : replies) {
    ASSERT_EQ(reply.wait_for(patience), std::future_status::ready);
    EXPECT_EQ(reply.get().status, Status::ok);
  }
  for (unsigned i = 0; i < 20; ++i) EXPECT_EQ(b->object(std::to_string(i)), pattern(200'000, i));
  EXPECT_EQ(a->answer(bert, ask_for(Op::get, "larger than all of it")).data, pattern(2'000'000));
}

TEST_F(Requests, AnObjectAboveTheLimitIsRefusedByEitherSide) {
  auto const limit = [](PeersOptions& options) { options.object_limit = 100'000; };
  link({}, limit);
  auto const reply = a->answer(bert, set("k", pattern(100'001)));
  EXPECT_EQ(reply.status, Status::too_large);
  EXPECT_THAT(reply.text, HasSubstr("endpoint " + bert + " takes 100000 bytes"));
  EXPECT_EQ(a->answer(bert, set("k", pattern(100'000))).status, Status::ok);
  b->put("large", pattern(100'001));
  EXPECT_EQ(a->answer(bert, ask_for(Op::get, "large")).status, Status::too_large);

  link(limit);
  b->put("large", pattern(100'001));
  EXPECT_EQ(a->answer(bert, set("k", pattern(100'001))).status, Status::too_large);
  EXPECT_THAT(a->answer(bert, ask_for(Op::get, "large")).text, HasSubstr("endpoint " + anna + " takes"));
  EXPECT_EQ(a->answer(bert, ask_for(Op::exists, "large")).status, Status::ok) << "the link goes on";
}

TEST_F(Requests, MoreThanThePeerTakesAtATimeWaitHere) {
  link({}, [](PeersOptions& options) { options.requests = 4; });
  std::vector<std::future<Reply>> replies;
  for (int i = 0; i < 50; ++i) replies.push_back(a->ask(bert, ask_for(Op::wait, std::to_string(i))));
  ASSERT_TRUE(a->becomes(bert, [](PeerStatus const& status) { return status.asked == 50; }));
  EXPECT_TRUE(b->becomes(anna, [](PeerStatus const& status) { return status.serving == 4; }));
  for (int i = 0; i < 50; ++i) b->put(std::to_string(i), bytes_of("x"));
  for (auto& reply : replies) {
    ASSERT_EQ(reply.wait_for(patience), std::future_status::ready);
    EXPECT_EQ(reply.get().status, Status::ok);
  }
}

TEST_F(Requests, TooManyThatWaitAreRefused) {
  link([](PeersOptions& options) { options.queued = 10; }, [](PeersOptions& options) { options.requests = 1; });
  std::vector<std::future<Reply>> replies;
  ASSERT_EQ(a->answer(bert, ask_for(Op::exists, "k")).status, Status::absent);
  for (int i = 0; i < 11; ++i) replies.push_back(a->ask(bert, ask_for(Op::wait, "k")));
  auto const reply = a->answer(bert, ask_for(Op::get, "k"));
  EXPECT_EQ(reply.status, Status::error);
  EXPECT_THAT(reply.text, HasSubstr("too many requests"));
  b->put("k", bytes_of("x"));
  for (auto& each : replies) ASSERT_EQ(each.wait_for(patience), std::future_status::ready);
}

TEST_F(Requests, ADeadlineEndsARequestAndIsToldToThePeer) {
  link();
  auto const start = std::chrono::steady_clock::now();
  auto const reply = a->answer(bert, ask_for(Op::wait, "never", Deadline(200ms)));
  EXPECT_EQ(reply.status, Status::timed_out);
  EXPECT_THAT(reply.text, HasSubstr(bert));
  EXPECT_GE(std::chrono::steady_clock::now() - start, 200ms);
  EXPECT_TRUE(b->becomes(anna, [&](PeerStatus const& status) { return status.serving == 0 && b->abandoned() == 1; }));
  EXPECT_EQ(b->waiting(), 0U);
}

TEST_F(Requests, AHandlerThatFailsOrForgetsGivesAnError) {
  link({}, {}, [](std::string const& from, Request const& request, Answer const&) {
    EXPECT_EQ(from, anna);
    if (request.key == "throw") throw std::runtime_error("the disk is gone");
  });
  auto const thrown = a->answer(bert, ask_for(Op::get, "throw"));
  EXPECT_EQ(thrown.status, Status::error);
  EXPECT_EQ(thrown.text, "the disk is gone");
  EXPECT_THAT(a->answer(bert, ask_for(Op::get, "forget")).text, HasSubstr("dropped the request"));
}

TEST_F(Requests, TheFirstReplyCounts) {
  link({}, {}, [](std::string const&, Request const&, Answer const& answer) {
    answer({.status = Status::ok, .text = {}, .data = bytes_of("first")});
    answer({.status = Status::absent});
    EXPECT_FALSE(answer.wanted());
  });
  EXPECT_EQ(a->answer(bert, ask_for(Op::get, "k")).data.text(), "first");
}

TEST_F(Requests, AUuidIsOneInEitherCase) {
  std::string const lower = "abcdefab-cdef-4abc-8def-abcdefabcdef", upper = "ABCDEFAB-CDEF-4ABC-8DEF-ABCDEFABCDEF";
  link();
  Site c(upper);
  a->knows(lower, c.address());
  EXPECT_EQ(a->answer(upper, ask_for(Op::exists, "k")).status, Status::absent);
  EXPECT_THAT(a->answer("nobody", ask_for(Op::exists, "k")).text, HasSubstr("is no UUID"));
}

TEST_F(Requests, AnEndpointThatNobodyKnowsIsUnreachableAtOnce) {
  link();
  auto const reply = a->answer(carl, ask_for(Op::get, "k", Deadline::never()));
  EXPECT_EQ(reply.status, Status::unreachable);
  EXPECT_THAT(reply.text, HasSubstr(carl));
}

}  // namespace
