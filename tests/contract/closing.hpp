/// close(): waiters wake, everything else refuses, held bytes stay.
#pragma once

#include "fixture.hpp"

namespace contract {

TEST_P(EveryConnector, ClosesTwice) {
  connector().close();
  EXPECT_NO_THROW(connector().close());
}

TEST_P(EveryConnector, RefusesEverythingAfterClose) {
  Key const key = connector().put(buffer_of("x"));
  connector().close();
  EXPECT_THROW(connector().put(buffer_of("y")), StoreClosed);
  EXPECT_THROW((void)connector().get(key), StoreClosed);
  EXPECT_THROW((void)connector().exists(key), StoreClosed);
  EXPECT_THROW(connector().evict(key), StoreClosed);
  EXPECT_THROW((void)connector().get_batch({key}), StoreClosed);
  ObjectPart const part{key, 1, 0, 1, {}};
  EXPECT_THROW(connector().get_parts({&part, 1}, [](auto...) {}), StoreClosed);
  std::vector<Buffer> batch;
  batch.push_back(buffer_of("z"));
  EXPECT_THROW((void)connector().put_batch(std::move(batch)), StoreClosed);
}

TEST_P(EveryConnector, StillDescribesItselfAfterClose) {
  Config const before = connector().config();
  connector().close();
  EXPECT_EQ(connector().config(), before);
  EXPECT_FALSE(connector().whoami().empty());
}

TEST_P(EveryConnector, KeepsBytesValidAfterCloseWhileTheyAreHeld) {
  Bytes const held = connector().get(connector().put(filled(100'000, 4))).value();
  connector().close();
  EXPECT_TRUE(is_filled(held.span(), 4));
}

TEST_P(EveryConnector, KeepsBytesValidWhenItIsDestroyed) {
  Bytes const held = connector().get(connector().put(filled(100'000, 5))).value();
  connector().close();
  connector_.reset();
  EXPECT_TRUE(is_filled(held.span(), 5));
}

TEST_P(EveryDeferrableConnector, RefusesToDeferAfterClose) {
  Key const key = deferrable().new_key({});
  connector().close();
  EXPECT_THROW((void)deferrable().new_key({}), StoreClosed);
  EXPECT_THROW(deferrable().set(key, buffer_of("x")), StoreClosed);
}

TEST_P(EveryDeferrableConnector, FindsEveryKeyBrokenAfterClose) {
  Key const pending = deferrable().new_key({});
  Key const ready = connector().put(buffer_of("x"));
  connector().close();
  EXPECT_EQ(deferrable().wait(pending, patience), State::broken);
  EXPECT_EQ(deferrable().wait(ready, Deadline::immediate()), State::broken);
}

TEST_P(EveryDeferrableConnector, WakesWaitersWithBrokenWhenItCloses) {
  Waiters waiters(deferrable(), deferrable().new_key({}), 4);
  connector().close();
  EXPECT_THAT(waiters.join(), Each(State::broken));
}

TEST_P(EveryDeferrableConnector, BreaksFuturesOfAStoreThatCloses) {
  Store store = store_over_connector();
  auto const future = store.future<int>();
  bool broken = false;
  std::jthread consumer([&, proxy = future.proxy()] {
    try {
      (void)proxy.resolve(patience);
    } catch (BrokenFuture const&) {
      broken = true;
    }
  });
  store.close();
  consumer.join();
  EXPECT_TRUE(broken);
  EXPECT_THROW(future.set_result(1), StoreClosed);
}

}  // namespace contract
