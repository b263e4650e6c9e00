/// Many threads at once.
#pragma once

#include <atomic>

#include "fixture.hpp"

namespace contract {

TEST_P(EveryConnector, ServesManyThreadsWithKeysOfTheirOwn) {
  std::atomic<int> wrong = 0;
  {
    std::vector<std::jthread> threads;
    for (std::uint64_t t = 0; t < 8; ++t)
      threads.emplace_back([&, t] {
        for (std::uint64_t i = 0; i < 50; ++i) {
          std::size_t const size = 10 + i * 37;
          Key const key = connector().put(filled(size, t * 1000 + i));
          auto const object = connector().get(key);
          if (!object || object->size() != size || !is_filled(object->span(), t * 1000 + i)) ++wrong;
          connector().evict(key);
          if (connector().exists(key)) ++wrong;
        }
      });
  }
  EXPECT_EQ(wrong, 0);
}

TEST_P(EveryConnector, LetsManyThreadsReadOneObjectWhileItIsEvicted) {
  for (std::uint64_t round = 0; round < 20; ++round) {
    Key const key = connector().put(filled(5000, round));
    std::atomic<int> wrong = 0;
    std::latch start(5);
    {
      std::vector<std::jthread> readers;
      for (int t = 0; t < 4; ++t)
        readers.emplace_back([&] {
          start.arrive_and_wait();
          while (auto const object = connector().get(key))
            if (!is_filled(object->span(), round)) ++wrong;
        });
      start.arrive_and_wait();
      connector().evict(key);
    }
    ASSERT_EQ(wrong, 0);
  }
}

TEST_P(EveryDeferrableConnector, WakesManyWaitersOfOneKey) {
  Key const key = deferrable().new_key({});
  Waiters waiters(deferrable(), key, 16);
  deferrable().set(key, buffer_of("for all"));
  EXPECT_THAT(waiters.join(), Each(State::ready));
}

TEST_P(EveryDeferrableConnector, LetsASetterReturnWhoseObjectWasTakenAndEvictedAtOnce) {
  for (int round = 0; round < 100; ++round) {
    Key const key = deferrable().new_key({});
    std::jthread taker([&] {
      EXPECT_EQ(deferrable().receive(key, patience).state, State::ready);
      deferrable().evict(key);
    });
    EXPECT_NO_THROW(deferrable().set(key, buffer_of("taken")));
  }
}

TEST_P(EveryDeferrableConnector, LetsExactlyOneOfManySettersWin) {
  for (int round = 0; round < 20; ++round) {
    Key const key = deferrable().new_key({});
    std::atomic<int> refused = 0;
    std::atomic<int> winner = -1;
    std::latch start(6);
    {
      std::vector<std::jthread> setters;
      for (int t = 0; t < 6; ++t)
        setters.emplace_back([&, t] {
          Buffer object = buffer_of(std::to_string(t));
          start.arrive_and_wait();
          try {
            deferrable().set(key, std::move(object));
            winner = t;
          } catch (AlreadySet const&) {
            ++refused;
          }
        });
    }
    ASSERT_EQ(refused, 5);
    ASSERT_EQ(text_of(connector().get(key)), std::to_string(winner));
  }
}

TEST_P(EveryDeferrableConnector, HandsOverManyKeysBetweenManyThreads) {
  constexpr std::uint64_t threads = 6, each = 40;
  std::vector<Key> keys;
  for (std::uint64_t i = 0; i < threads * each; ++i) keys.push_back(deferrable().new_key({}));
  std::atomic<int> wrong = 0;
  {
    std::vector<std::jthread> running;
    for (std::uint64_t t = 0; t < threads; ++t) {
      running.emplace_back([&, t] {  // consumes what the next one makes
        std::uint64_t const from = (t + 1) % threads * each;
        for (std::uint64_t i = from; i < from + each; ++i) {
          if (deferrable().wait(keys[i], patience) != State::ready) ++wrong;
          auto const object = connector().get(keys[i]);
          if (!object || !is_filled(object->span(), i)) ++wrong;
        }
      });
      running.emplace_back([&, t] {
        for (std::uint64_t i = t * each; i < (t + 1) * each; ++i) deferrable().set(keys[i], filled(100 + i, i));
      });
    }
  }
  EXPECT_EQ(wrong, 0);
}

TEST_P(EveryDeferrableConnector, EndsEveryRaceOfSetAndEvictInOneOfBothWays) {
  for (int round = 0; round < 50; ++round) {
    Key const key = deferrable().new_key({});
    std::latch start(3);
    State seen = State::pending;
    {
      std::jthread waiter([&] {
        start.arrive_and_wait();
        seen = deferrable().wait(key, patience);
      });
      std::jthread evicter([&] {
        start.arrive_and_wait();
        connector().evict(key);
      });
      start.arrive_and_wait();
      try {
        deferrable().set(key, buffer_of("x"));
      } catch (ObjectNotFound const&) {  // evicted first
      }
    }
    ASSERT_TRUE(seen == State::ready || seen == State::gone);
    ASSERT_EQ(connector().get(key), std::nullopt);
  }
}

}  // namespace contract
