// Opening, closing and what lies between: several stores, parts of the world, those who leave early, bad options.
#include <future>
#include <limits>
#include <optional>
#include <thread>

#include <proxystore/registry.hpp>

#include "world.hpp"

namespace {

using namespace world;
using testing::AllOf;

Store open(std::string name, MPI_Comm comm = MPI_COMM_WORLD) {
  return Store::open(std::move(name), mpi::rma(comm, {.capacity = 2 * MiB}));
}

/// A part of the world, for a scope.
class SplitComm {
 public:
  SplitComm(int color, int key) { MPI_Comm_split(MPI_COMM_WORLD, color, key, &comm_); }
  SplitComm(SplitComm const&) = delete;
  SplitComm& operator=(SplitComm const&) = delete;
  ~SplitComm() { MPI_Comm_free(&comm_); }
  MPI_Comm comm() const { return comm_; }

 private:
  MPI_Comm comm_ = MPI_COMM_NULL;
};

using Stores = Ranks;
using Options = Ranks;

/// The last rank leaves while the others wait.
class Leaving : public Ranks {
 protected:
  void TearDown() override {
    store.reset();  // the last one waits for it
    Ranks::TearDown();
  }
  /// The others began to wait before: they get BrokenFuture, those who come later too, and setting is refused.
  void expect_broken_when_last_leaves(Future<int> const& future, std::function<void()> const& leave) {
    auto waiting = std::async(std::launch::async, [&] {
      return rank == last ? std::string() : error_of<BrokenFuture>([&] { future.wait(patience); });
    });
    if (rank != last) {
      EXPECT_THROW(future.wait(1ms), Timeout);
    }
    meet();
    if (rank == last) return leave();
    EXPECT_THAT(waiting.get(), HasSubstr("will never be set"));
    EXPECT_THROW((void)future.result(patience), BrokenFuture);
    EXPECT_THROW(future.set_result(1), BrokenFuture);
  }

  std::optional<Store> store = open("left");
};

}  // namespace

TEST_F(Stores, AreSeveralAtOnceAndProxiesFindTheirOwn) {
  auto a = open("a"), b = open("b"), c = open("c");
  std::vector<Proxy<std::string>> proxies;
  for (auto* store : {&a, &b, &c}) proxies.push_back(store->proxy(store->name() + std::to_string(rank)));
  EXPECT_EQ(proxies[0].key(), proxies[2].key()) << "one key, three objects";
  auto const all = gather(proxies);
  for (int from = 0; from < size; ++from) {
    auto const& of = all[static_cast<std::size_t>(from)];
    EXPECT_EQ(of[0], "a" + std::to_string(from));
    EXPECT_EQ(of[1], "b" + std::to_string(from));
    EXPECT_EQ(of[2], "c" + std::to_string(from));
  }
  meet();
  b.close();
  EXPECT_THROW((void)deserialize<Proxy<std::string>>(serialize(proxies[1])).resolve(), UnknownStore);
  EXPECT_EQ(*a.get<std::string>(proxies[0].key()), "a" + std::to_string(rank));
}

TEST_F(Stores, LieOnOverlappingPartsOfTheWorld) {
  std::optional<Store> half, same_parity;
  {
    SplitComm const halves(rank < size / 2 ? 0 : 1, rank), parities(rank % 2, -rank);
    half.emplace(open("half", halves.comm()));
    same_parity.emplace(open("parity", parities.comm()));
  }  // the communicators were duplicated
  auto all = open("all");
  auto const in_half = gather(half->future<int>()), in_parity = gather(same_parity->future<int>()),
             in_all = gather(all.future<int>());
  auto const me = static_cast<std::size_t>(rank);
  in_half[me].set_result(rank);
  in_all[me].set_result(10 * rank);
  in_parity[me].set_result(100 * rank);
  for (int r = 0; r < size; ++r) {
    auto const from = static_cast<std::size_t>(r);
    EXPECT_EQ(in_all[from].result(patience), 10 * r);
    if (r % 2 == rank % 2) {
      EXPECT_EQ(in_parity[from].result(patience), 100 * r);
    }
    if ((r < size / 2) == (rank < size / 2)) {
      EXPECT_EQ(in_half[from].result(patience), r);
    } else EXPECT_THAT(error_of<UnknownStore>([&] { (void)in_half[from].result(patience); }), HasSubstr("half"));
  }
}

TEST_F(Stores, AreUnknownToARankThatDoesNotHaveThem) {
  SplitComm const part(rank == last ? 1 : 0, rank);
  auto some = open(rank == last ? "alone" : "together", part.comm());
  auto const proxy = share(some.proxy(std::string("x")), 0);
  if (rank == last)
    EXPECT_THAT(error_of<UnknownStore>([&] { (void)proxy.resolve(patience); }),
                AllOf(HasSubstr("'together'"), HasSubstr("can only be opened collectively")));
  else EXPECT_EQ(proxy, "x");
}

TEST_F(Stores, RefuseAProxyOfAnEarlierSession) {
  auto store = std::optional(open("again"));
  Bytes const old = serialize(store->proxy(std::string("old")));
  store.reset();
  store.emplace(open("again"));
  store->put(std::string("new"));
  auto const proxy = deserialize<Proxy<std::string>>(old);
  EXPECT_THAT(error_of<UnknownStore>([&] { (void)proxy.resolve(); }),
              AllOf(HasSubstr("'again'"), HasSubstr("session=")));
}

TEST_F(Stores, AnswerAfterTheyAreClosed) {
  auto store = open("closed");
  auto view = store.connector().get(store.put(std::string(1000, 'x')));
  store.close();
  EXPECT_THAT(store.report(), HasSubstr("closed"));
  EXPECT_THAT(store.connector().report(), HasSubstr("closed"));
  EXPECT_THAT(store.connector().whoami(), HasSubstr("rank " + std::to_string(rank)));
  EXPECT_EQ(view->text().substr(3), std::string(1000, 'x'));
}

TEST_F(Leaving, BreaksWhatTheMakerLeftUnset) {
  auto const future = share(store->future<int>(), last);
  expect_broken_when_last_leaves(future, [&] { store->close(); });
}

TEST_F(Leaving, BreaksWhatTheNamedProducerLeftUnset) {
  auto const future = share(store->future<int>({.producer = last}), 0);
  expect_broken_when_last_leaves(future, [&] { store->close(); });
}

TEST_F(Leaving, BreaksFuturesWhenTheStoreIsDestroyedUnclosed) {
  auto const future = share(store->future<int>(), last);
  expect_broken_when_last_leaves(future, [&] { store.reset(); });
}

TEST_F(Leaving, LeavesWhatOthersSetAndWhatIsSet) {
  auto const unset = share(store->future<int>(), last), set = share(store->future<int>(), last),
             promised = share(store->future<int>({.producer = 0}), last);
  if (rank == last) set.set_result(7);
  expect_broken_when_last_leaves(unset, [&] { store->close(); });
  if (rank == last) return;
  EXPECT_EQ(set.result(Deadline::immediate()), 7);
  if (rank == 0) promised.set_result(8);
  EXPECT_EQ(promised.result(patience), 8);
}

TEST_F(Options, ComeFromText) {
  auto store = Store::open("text", mpi::connect(MPI_COMM_WORLD, "rma:?capacity=3MiB&prefault=no"));
  EXPECT_THAT(store.report(), HasSubstr("capacity " + std::to_string(3 * MiB)));
  EXPECT_EQ(store.config().kind(), "rma");
}

TEST_F(Options, AreRefusedByAllRanks) {
  auto const refused = [](char const* text) {
    return error_of<ConfigError>([&] { (void)mpi::connect(MPI_COMM_WORLD, text); });
  };
  EXPECT_THAT(refused("rma:?capacity=lots"), HasSubstr("lots"));
  EXPECT_THAT(refused("rma:?capcity=1MiB"), AllOf(HasSubstr("capcity"), HasSubstr("prefault")));
  EXPECT_THAT(refused("rma:?prefault=perhaps"), HasSubstr("perhaps"));
  EXPECT_THAT(refused("rna:"), AllOf(HasSubstr("'rna' is unknown"), HasSubstr("parallel-file"), HasSubstr("rma")));
  EXPECT_THAT(refused(""), testing::Not(testing::IsEmpty()));
  EXPECT_THAT(refused("rma:?capacity=1000"), HasSubstr("at least 1 MiB"));
}

TEST_F(Options, AreRefusedByAllRanksWhenOneIsWrong) {
  auto const text = rank == last ? "rma:?capacity=lots" : "rma:?capacity=2MiB";
  try {
    (void)mpi::connect(MPI_COMM_WORLD, text);
    ADD_FAILURE() << "nothing was thrown";
  } catch (ConfigError const& error) {
    EXPECT_EQ(rank, last) << error.what();
  } catch (ConnectorError const& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("lots"), HasSubstr("on rank " + std::to_string(last))));
  }
}

TEST_F(Options, AreRefusedWhenRanksNameDifferentKinds) {
  Registry::instance().add_kind("mine", Registry::Deferral::no, [](Config const&) { return nullptr; });
  auto const text = rank == last ? "mine:" : "rma:?capacity=2MiB";
  EXPECT_THAT(error_of<ConfigError>([&] { (void)mpi::connect(MPI_COMM_WORLD, text); }),
              HasSubstr("the same connector"));
}

TEST_F(Options, LetOtherKindsBeOpenedByEachRankAlone) {
  int opened = 0;
  Registry::instance().add_kind("mine", Registry::Deferral::no, [&](Config const& config) {
    ++opened;
    EXPECT_EQ(config.location(), "here");
    return nullptr;
  });
  EXPECT_EQ(mpi::connect(MPI_COMM_WORLD, "mine:here"), nullptr);
  EXPECT_EQ(opened, 1);
}

TEST_F(Options, CannotAskForMoreThanTheSharedMemoryThatThereIs) {
  constexpr auto most = std::numeric_limits<std::size_t>::max();
  for (std::size_t const capacity : {std::size_t{1} << 50U, most / 2 + 1, most / 4 + 1, most - 100, most}) {
    EXPECT_THAT(error_of<StoreFull>([&] { (void)mpi::rma(MPI_COMM_WORLD, {.capacity = capacity}); }),
                AllOf(HasSubstr("/dev/shm"), HasSubstr("smaller rma:?capacity")))
        << capacity;
  }
  // One rank alone is enough; then there is one that can.
  EXPECT_THROW((void)mpi::rma(MPI_COMM_WORLD, {.capacity = rank == last ? most : 2 * MiB}), Error);
  EXPECT_NO_THROW(open("after all"));
}

TEST_F(Options, RefuseACommunicatorThatIsNone) { EXPECT_THROW((void)mpi::rma(MPI_COMM_NULL), InvalidArgument); }
