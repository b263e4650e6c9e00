#include <latch>

#include <proxystore/detail/blocking.hpp>

#include "support.hpp"

namespace {

using namespace support;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class FutureTest : public testing::Test {
 protected:
  std::shared_ptr<CountingConnector::Counts> counts_ = std::make_shared<CountingConnector::Counts>();
  Store store_ =
      Store::open("futures", std::make_unique<CountingConnector>(std::make_unique<LocalConnector>(), counts_));

  /// What a consumer on a thread of its own gets when `settle` comes while it waits.
  template <class Settle>
  std::string outcome(Future<int> const& future, Settle&& settle) {
    std::string seen;
    std::jthread consumer([&] {
      try {
        seen = std::to_string(future.result(patience));
      } catch (Error const& error) {
        seen = name_of(error.code());
      }
    });
    until_waiting(store_, 1);
    settle();
    consumer.join();
    return seen;
  }
};

struct Diverged : std::runtime_error {
  using std::runtime_error::runtime_error;
};

TEST_F(FutureTest, WakesItsWaitersWithEveryArrow) {
  auto future = store_.future<int>();
  EXPECT_EQ(outcome(future, [&] { future.set_result(1); }), "1");
  future = store_.future<int>();
  EXPECT_EQ(outcome(future, [&] { future.set_exception(Diverged("")); }), "remote");
  future = store_.future<int>();
  EXPECT_EQ(outcome(future, [&] { store_.evict(future.key()); }), "not_found");
  future = store_.future<int>();
  EXPECT_EQ(outcome(future, [&] { store_.close(); }), "broken_future");
}

TEST_F(FutureTest, IsPendingUntilItIsSet) {
  auto const future = store_.future<std::string>();
  EXPECT_FALSE(future.done());
  EXPECT_THROW(future.wait(Deadline::immediate()), Timeout);
  EXPECT_THROW((void)future.result(1ms), Timeout);
  future.set_result("ready");
  EXPECT_TRUE(future.done());
  EXPECT_NO_THROW(future.wait());
  EXPECT_EQ(future.result(), "ready");
}

TEST_F(FutureTest, SaysHowLongItWasWaitedForAndWhereItWasMade) {
  auto const future = store_.future<int>();
  auto const line = std::to_string(__LINE__ - 1);
  auto const said =
      AllOf(HasSubstr("timed out after "), Not(HasSubstr("after 0.0 s")), HasSubstr("'" + future.key().text() + "'"),
            HasSubstr("made at future_test.cpp:" + line), HasSubstr("store 'futures'"));
  EXPECT_THAT(text_of<Timeout>([&] { future.wait(60ms); }), said);
  EXPECT_THAT(text_of<Timeout>([&] { travelled(future).wait(60ms); }), said);
}

TEST_F(FutureTest, HandsItsObjectOverWithoutACopy) {
  auto const future = store_.future<Array<double>>();
  auto array = store_.allocate<double>({100});
  array[99] = 1;
  auto const* const written = std::as_const(array).data();
  future.set_result(std::move(array));
  EXPECT_EQ(future.result().data(), written);
  EXPECT_EQ(std::as_const(future.result())[99], 1);
}

TEST_F(FutureTest, FailsWithTypeMessageAndOrigin) {
  auto const failure_of = [&](auto const& error) {
    auto const future = store_.future<int>();
    future.set_exception(error);
    EXPECT_TRUE(future.done());
    EXPECT_NO_THROW(future.wait());
    try {
      (void)travelled(future).result();
    } catch (RemoteError const& remote) {
      return remote.failure();
    }
    ADD_FAILURE() << "nothing was thrown";
    return Failure{};
  };
  auto const expect = [&](Failure const& failure, std::string const& type, std::string const& message) {
    EXPECT_THAT(failure.type, HasSubstr(type));
    EXPECT_EQ(failure.message, message);
    EXPECT_EQ(failure.origin, store_.connector().whoami());
  };
  expect(failure_of(std::out_of_range("step 7")), "std::out_of_range", "step 7");
  expect(failure_of(Diverged("two\nlines, \xff")), "Diverged", "two\nlines, \xff");
  expect(failure_of(Timeout("of the producer")), "proxystore::Timeout", "of the producer");
  expect(failure_of(std::make_exception_ptr(42)), "int", "no std::exception");
}

TEST_F(FutureTest, PassesTheFailureOfAnotherFutureOn) {
  auto const first = store_.future<int>(), second = store_.future<int>();
  first.set_exception(Diverged("at step 7"));
  try {
    (void)first.result();
  } catch (RemoteError const&) {
    second.set_exception(std::current_exception());
  }
  EXPECT_EQ(text_of<RemoteError>([&] { (void)second.result(); }), text_of<RemoteError>([&] { (void)first.result(); }));
}

TEST_F(FutureTest, KeepsTheFirstResultWhenASecondIsRefused) {
  auto const future = store_.future<int>();
  future.set_result(1);
  EXPECT_THROW(future.set_result(2), AlreadySet);
  EXPECT_THROW(future.set_exception(Diverged("late")), AlreadySet);
  EXPECT_EQ(travelled(future).result(), 1);

  auto const failed = store_.future<int>();
  failed.set_exception(Diverged("first"));
  EXPECT_THROW(failed.set_result(2), AlreadySet);
  EXPECT_THAT(text_of<RemoteError>([&] { (void)failed.result(); }), HasSubstr("first"));
}

TEST_F(FutureTest, LetsOneOfManySettersWin) {
  auto const future = store_.future<int>();
  std::atomic<int> refused = 0, winner = 0;
  std::latch start(8);
  {
    std::vector<std::jthread> setters;
    for (int t = 1; t <= 8; ++t)
      setters.emplace_back([&, t, mine = travelled(future)] {
        start.arrive_and_wait();
        try {
          mine.set_result(t);
          winner = t;
        } catch (AlreadySet const&) {
          ++refused;
        }
      });
  }
  EXPECT_EQ(refused, 7);
  EXPECT_EQ(future.result(), winner);
}

TEST_F(FutureTest, IsGoneOnceEvicted) {
  auto const set = store_.future<int>(), unset = store_.future<int>();
  set.set_result(1);
  for (auto const& future : {set, unset}) {
    store_.evict(future.key());
    EXPECT_FALSE(future.done());
    EXPECT_THROW(future.wait(patience), ObjectNotFound);
    EXPECT_THAT(text_of<ObjectNotFound>([&] { (void)future.result(patience); }), HasSubstr("it was evicted"));
    EXPECT_THROW(future.set_result(2), ObjectNotFound);
  }
}

TEST_F(FutureTest, BreaksWhenItsStoreCloses) {
  auto const pending = store_.future<int>(), read = store_.future<int>();
  read.set_result(1);
  (void)read.result();
  store_.close();
  EXPECT_THAT(text_of<BrokenFuture>([&] { pending.wait(patience); }), HasSubstr("future_test.cpp:"));
  EXPECT_THROW((void)pending.result(patience), BrokenFuture);
  EXPECT_THROW((void)pending.done(), StoreClosed);
  EXPECT_THROW(pending.set_result(2), StoreClosed);
  EXPECT_THROW(pending.set_exception(Diverged("")), StoreClosed);
  EXPECT_TRUE(read.done());
  EXPECT_NO_THROW(read.wait());
  EXPECT_EQ(read.result(), 1);
}

TEST_F(FutureTest, BreaksForTheOneWhoResolvesInTheMiddleOfAClose) {
  struct ClosesAtARead final : ForwardingConnector {
    ClosesAtARead() : ForwardingConnector(std::make_unique<LocalConnector>()) {}
    std::optional<Bytes> get(Key const& key) override {
      close();
      return ForwardingConnector::get(key);
    }
  };
  Store store = Store::open("closing", std::make_unique<ClosesAtARead>());
  EXPECT_THROW((void)store.future<int>().result(patience), BrokenFuture);
}

TEST_F(FutureTest, IsOneFutureInAllItsCopies) {
  auto const future = store_.future<int>();
  auto const copy = future;
  auto const arrived = travelled(std::vector{future}).front();
  EXPECT_EQ(arrived.key(), future.key());
  arrived.set_result(5);
  EXPECT_EQ(copy.result(), 5);
  EXPECT_EQ(*future.proxy(), 5);
  EXPECT_EQ(*travelled(arrived.proxy()), 5);
}

TEST_F(FutureTest, SharesItsResolutionWithItsProxies) {
  auto const future = store_.future<std::string>();
  auto const proxy = future.proxy();
  future.set_result("object");
  EXPECT_EQ(&future.result(), &*proxy);
  EXPECT_EQ(counts_->gets, 1);
  EXPECT_EQ(counts_->waits, 0);
}

TEST_F(FutureTest, KeepsItsResultForTheOneWhoTookTheObjectOut) {
  auto const future = store_.future<int>({.evict_on_resolve = true});
  auto const first = travelled(future.proxy()), second = travelled(future.proxy());
  future.set_result(1);
  EXPECT_EQ(*first, 1);
  EXPECT_EQ(*first, 1);
  EXPECT_EQ(counts_->evicts, 1);
  EXPECT_THROW((void)second.resolve(patience), ObjectNotFound);
}

TEST_F(FutureTest, IsNoneByDefault) {
  Future<int> future;
  EXPECT_FALSE(future.valid());
  EXPECT_THAT(text_of<InvalidArgument>([&] { future.set_result(1); }), HasSubstr("no future"));
  EXPECT_THROW((void)future.done(), InvalidArgument);
  EXPECT_THROW(future.wait(), InvalidArgument);
  EXPECT_THROW((void)future.proxy(), InvalidArgument);
  EXPECT_THROW((void)serialize(future), InvalidArgument);
  future = store_.future<int>();
  EXPECT_TRUE(future.valid());
}

TEST_F(FutureTest, TellsItsThreadWhenItBlocks) {
  struct Observer final : detail::BlockingObserver {
    int before = 0, after = 0;
    void before_blocking() override { ++before; }
    void after_blocking() noexcept override { ++after; }
  } observer;
  auto const future = store_.future<int>();
  auto* const former = detail::observe_blocking(&observer);
  EXPECT_THROW((void)future.result(1ms), Timeout);
  EXPECT_EQ(observer.before, 1);
  EXPECT_EQ(observer.after, 1);
  future.set_result(1);
  (void)future.result();
  EXPECT_EQ(observer.before, 1);
  EXPECT_EQ(detail::observe_blocking(former), &observer);
}

}  // namespace
