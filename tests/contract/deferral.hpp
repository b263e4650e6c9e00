/// Keys before objects: set once, waiting, failures, eviction.
#pragma once

#include "fixture.hpp"

namespace contract {

TEST_P(EveryDeferrableConnector, MakesAKeyBeforeItsObject) {
  Key const key = deferrable().new_key({});
  EXPECT_FALSE(connector().exists(key));
  EXPECT_EQ(connector().get(key), std::nullopt);
  deferrable().set(key, buffer_of("late"));
  EXPECT_TRUE(connector().exists(key));
  EXPECT_EQ(text_of(connector().get(key)), "late");
}

TEST_P(EveryDeferrableConnector, MakesADifferentKeyEachTime) {
  EXPECT_NE(deferrable().new_key({}), deferrable().new_key({}));
}

TEST_P(EveryDeferrableConnector, FindsThePendingKeyOfABatchAbsent) {
  Key const pending = deferrable().new_key({});
  Key const ready = connector().put(buffer_of("here"));
  auto const objects = connector().get_batch({pending, ready});
  ASSERT_EQ(objects.size(), 2U);
  EXPECT_EQ(objects[0], std::nullopt);
  EXPECT_EQ(text_of(objects[1]), "here");
}

TEST_P(EveryDeferrableConnector, RefusesASecondSetAndKeepsTheFirstObject) {
  Key const key = deferrable().new_key({});
  deferrable().set(key, buffer_of("first"));
  EXPECT_THROW(deferrable().set(key, buffer_of("second")), AlreadySet);
  EXPECT_EQ(text_of(connector().get(key)), "first");
}

TEST_P(EveryDeferrableConnector, RefusesToSetWhatWasPut) {
  Key const key = connector().put(buffer_of("put"));
  EXPECT_THROW(deferrable().set(key, buffer_of("set")), AlreadySet);
  EXPECT_EQ(text_of(connector().get(key)), "put");
}

TEST_P(EveryDeferrableConnector, RefusesToSetWhatWasEvicted) {
  Key const set = deferrable().new_key({});
  deferrable().set(set, buffer_of("x"));
  connector().evict(set);
  EXPECT_THROW(deferrable().set(set, buffer_of("y")), ObjectNotFound);

  Key const never_set = deferrable().new_key({});
  connector().evict(never_set);
  EXPECT_THROW(deferrable().set(never_set, buffer_of("y")), ObjectNotFound);
  EXPECT_EQ(connector().get(never_set), std::nullopt);
}

TEST_P(EveryDeferrableConnector, SetsAnObjectOfZeroLength) {
  Key const key = deferrable().new_key({});
  deferrable().set(key, Buffer());
  EXPECT_EQ(deferrable().wait(key, patience), State::ready);
  EXPECT_EQ(text_of(connector().get(key)), "");
  EXPECT_THROW(deferrable().set(key, buffer_of("more")), AlreadySet);
}

TEST_P(EveryDeferrableConnector, SetsALargeObjectFromMemoryThatItAllocated) {
  std::size_t const size = GetParam().large_object;
  Key const key = deferrable().new_key({});
  Buffer memory = connector().allocate(size);
  fill(memory.span(), 3);
  deferrable().set(key, std::move(memory));
  auto const object = connector().get(key);
  ASSERT_TRUE(object && object->size() == size);
  EXPECT_TRUE(is_filled(object->span(), 3));
}

TEST_P(EveryDeferrableConnector, WaitsNotAtAllForWhatIsThere) {
  Key const put = connector().put(buffer_of("x"));
  EXPECT_EQ(deferrable().wait(put, Deadline::immediate()), State::ready);
  EXPECT_EQ(deferrable().wait(put, Deadline::never()), State::ready);
}

TEST_P(EveryDeferrableConnector, LooksOnceWhenTheDeadlineHasPassed) {
  Key const key = deferrable().new_key({});
  EXPECT_EQ(deferrable().wait(key, Deadline::immediate()), State::pending);
  EXPECT_EQ(deferrable().wait(key, 0ms), State::pending);
  EXPECT_EQ(deferrable().wait(key, -1s), State::pending);
}

TEST_P(EveryDeferrableConnector, ReportsPendingAtTheDeadlineAndNotEarlier) {
  Key const key = deferrable().new_key({});
  for (auto const timeout : {1ms, 20ms, 120ms}) {
    auto const start = Deadline::Clock::now();
    EXPECT_EQ(deferrable().wait(key, start + timeout), State::pending);
    auto const took = Deadline::Clock::now() - start;
    EXPECT_GE(took, timeout);
    EXPECT_LT(took, timeout + 5s);
  }
}

TEST_P(EveryDeferrableConnector, StaysUsableAfterATimeout) {
  Key const key = deferrable().new_key({});
  EXPECT_EQ(deferrable().wait(key, 5ms), State::pending);
  deferrable().set(key, buffer_of("after all"));
  EXPECT_EQ(deferrable().wait(key, patience), State::ready);
  EXPECT_EQ(text_of(connector().get(key)), "after all");
}

TEST_P(EveryDeferrableConnector, WakesAWaiterWhenTheObjectIsSet) {
  Key const key = deferrable().new_key({});
  Waiters waiters(deferrable(), key, 1);
  deferrable().set(key, buffer_of("now"));
  EXPECT_THAT(waiters.join(), Each(State::ready));
}

TEST_P(EveryDeferrableConnector, ShowsTheWholeObjectToAWaiterThatWakes) {
  for (std::uint64_t i = 0; i < 20; ++i) {
    Key const key = deferrable().new_key({});
    bool whole = false;
    std::jthread consumer([&] {
      if (deferrable().wait(key, patience) != State::ready) return;
      auto const object = connector().get(key);
      whole = object && object->size() == 100'000 && is_filled(object->span(), i);
    });
    deferrable().set(key, filled(100'000, i));
    consumer.join();
    ASSERT_TRUE(whole) << i;
  }
}

TEST_P(EveryDeferrableConnector, WakesWaitersWithGoneWhenAPendingKeyIsEvicted) {
  Key const key = deferrable().new_key({});
  Waiters waiters(deferrable(), key, 3);
  connector().evict(key);
  EXPECT_THAT(waiters.join(), Each(State::gone));
  EXPECT_EQ(deferrable().wait(key, patience), State::gone);
}

TEST_P(EveryDeferrableConnector, WaitsNotForWhatWasSetAndEvicted) {
  Key const key = deferrable().new_key({});
  deferrable().set(key, buffer_of("x"));
  connector().evict(key);
  EXPECT_EQ(deferrable().wait(key, patience), State::gone);
}

TEST_P(EveryDeferrableConnector, LeavesWaitersOfOtherKeysAsleepWhenOneIsSet) {
  Key const mine = deferrable().new_key({});
  Key const other = deferrable().new_key({});
  Waiters waiters(deferrable(), mine, 2);
  deferrable().set(other, buffer_of("other"));
  EXPECT_EQ(deferrable().wait(mine, 5ms), State::pending);
  deferrable().set(mine, buffer_of("mine"));
  EXPECT_THAT(waiters.join(), Each(State::ready));
}

TEST_P(EveryDeferrableConnector, CarriesAFailureToEveryConsumer) {
  Store store = store_over_connector();
  auto const future = store.future<int>();
  std::vector<Proxy<int>> proxies;
  for (int i = 0; i < 4; ++i) proxies.push_back(deserialize<Proxy<int>>(serialize(future.proxy())));
  std::vector<std::string> seen(proxies.size());
  {
    std::vector<std::jthread> consumers;
    for (std::size_t i = 0; i < proxies.size(); ++i)
      consumers.emplace_back([&, i] {
        try {
          seen[i] = std::to_string(proxies[i].resolve(patience));
        } catch (RemoteError const& error) {
          seen[i] = error.failure().type + ": " + error.failure().message;
        }
      });
    future.set_exception(std::out_of_range("step 7 diverged"));
  }
  EXPECT_THAT(seen, Each(std::string("std::out_of_range: step 7 diverged")));
  EXPECT_THROW(future.set_result(1), AlreadySet);
  EXPECT_TRUE(future.done());
  EXPECT_NO_THROW(future.wait(patience));
}

TEST_P(EveryDeferrableConnector, HandsOverAValueThroughAStore) {
  Store store = store_over_connector();
  auto const future = store.future<std::vector<double>>();
  auto const proxy = future.proxy();
  std::jthread producer([future] { future.set_result({1.5, 2.5}); });
  EXPECT_THAT(proxy.resolve(patience), ElementsAre(1.5, 2.5));
}

}  // namespace contract
