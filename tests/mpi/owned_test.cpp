// Owners on one rank and borrowers on others; owners that move from rank to rank; lifetimes over ranks.
#include <stdexcept>

#include "world.hpp"

namespace {

using namespace world;
using mpi::Client;
using mpi::Executor;
using Numbers = std::vector<int>;

// What runs on the ranks. Waits have deadlines: a task that is stuck fails its test instead of hanging it.

std::size_t count(RefProxy<Numbers> const& numbers) { return numbers.resolve(patience).size(); }
std::size_t count_all(std::vector<RefProxy<Numbers>> const& all) {
  std::size_t n = 0;
  for (auto const& numbers : all) n += count(numbers);
  return n;
}
std::size_t count_after(RefProxy<Numbers> const& numbers, Proxy<int> const& gate) {
  gate.resolve(patience);
  return count(numbers);
}
void append(RefMutProxy<Numbers> numbers, int number) {
  numbers.resolve(patience).push_back(number);
  numbers.update();
}
void fail(RefMutProxy<Numbers> numbers) {
  numbers.resolve(patience).push_back(1);
  throw std::runtime_error("before it was written back");
}
std::size_t consume(OwnedProxy<Numbers> numbers) { return numbers.resolve(patience).size(); }
OwnedProxy<Numbers> take_over(Proxy<Numbers> const& numbers) { return into_owned(numbers); }

class Owning : public RanksWithStore {
 protected:
  /// Runs `body` with the client of an executor over all ranks, on rank 0.
  template <class Body>
  void with_client(Body const& body) {
    Executor ranks(MPI_COMM_WORLD);
    if (auto submit = ranks.client()) body(*submit);
  }
  OwnedProxy<Numbers> numbers(std::size_t n) { return store.owned_proxy(Numbers(n, 7)); }
  /// Evicted: copies on other nodes than that of the evictor are found a message longer.
  bool gone(Key const& key) {
    for (Deadline const deadline(patience); store.exists(key); store.progress())
      if (deadline.expired()) return false;
    return true;
  }
};

}  // namespace

TEST_F(Owning, OneRankOwnsAndTheOthersBorrow) {
  std::optional<OwnedProxy<Numbers>> owner;
  std::optional<RefProxy<Numbers>> lent;
  Bytes bytes;
  if (rank == 0) {
    owner = numbers(100'000);
    lent = owner->borrow();
    bytes = serialize(*lent);
  }
  bytes = share(bytes, 0);
  {
    auto const borrowed = deserialize<RefProxy<Numbers>>(bytes);
    EXPECT_EQ(borrowed.resolve(patience), Numbers(100'000, 7));
    meet();
  }
  auto const key = deserialize<RefProxy<Numbers>>(bytes).key();
  EXPECT_TRUE(store.exists(key)) << "borrowers that go leave the object to its owner";
  meet();
  if (rank == 0) {
    EXPECT_THROW((void)owner->mut_borrow(), InvalidArgument);
    lent.reset();
    owner.reset();
  }
  meet();
  EXPECT_TRUE(gone(key));
}

TEST_F(Owning, AnOwnerMovesFromRankToRankAndTheLastOneEvicts) {
  std::optional<OwnedProxy<Numbers>> owner;
  Key key;
  if (rank == 0) {
    owner = numbers(1000);
    key = owner->key();
  }
  key = Key(share(key.text(), 0));
  for (int to = 1; to < size; ++to) {
    bool const from_here = rank == to - 1;
    auto const bytes = share(from_here ? serialize(*owner) : Bytes(), to - 1);
    if (from_here) {
      EXPECT_FALSE(owner->valid());
      owner.reset();
    }
    if (rank == to) owner = deserialize<OwnedProxy<Numbers>>(bytes);
    meet();
    EXPECT_TRUE(store.exists(key)) << "moved to rank " << to;
    meet();
  }
  EXPECT_EQ(owner.has_value(), rank == last);
  if (owner) {
    EXPECT_EQ(owner->resolve(patience).size(), 1000U);
  }
  owner.reset();
  meet();
  EXPECT_TRUE(gone(key));
}

TEST_F(Owning, ATaskGivesBackWhatItBorrowed) {
  with_client([&](Client const& submit) {
    auto owner = numbers(10);
    auto const gate = store.future<int>();
    auto const task = submit.on(last).run<&count_after>(owner.borrow(), gate.proxy());
    EXPECT_THAT(error_of<InvalidArgument>([&] { (void)owner.mut_borrow(); }), HasSubstr("it is borrowed 1 time"))
        << "the task has it, though nobody here";
    gate.set_result(1);
    EXPECT_EQ(task.result(patience), 10U);
    EXPECT_NO_THROW((void)owner.mut_borrow());
  });
}

TEST_F(Owning, TasksBorrowInsideOfOtherArguments) {
  with_client([&](Client const& submit) {
    auto one = numbers(1), two = numbers(2);
    auto const task = submit.run<&count_all>(std::vector{one.borrow(), two.borrow(), two.borrow()});
    EXPECT_EQ(task.result(patience), 5U);
    EXPECT_NO_THROW((void)one.mut_borrow());
    EXPECT_NO_THROW((void)two.mut_borrow());
  });
}

TEST_F(Owning, TasksChangeWhatTheyBorrowMutably) {
  with_client([&](Client const& submit) {
    auto owner = numbers(0);
    auto const old = owner.key();
    for (int r = 0; r < size; ++r) {
      auto const task = submit.on(r).run<&append>(owner.mut_borrow(), r);
      EXPECT_THROW((void)owner.borrow(), InvalidArgument);
      task.result(patience);
    }
    Numbers wanted;
    for (int r = 0; r < size; ++r) wanted.push_back(r);
    EXPECT_EQ(*owner, wanted);
    EXPECT_FALSE(store.exists(old));
  });
}

TEST_F(Owning, ATaskThatFailsGivesBackWhatItBorrowed) {
  with_client([&](Client const& submit) {
    auto owner = numbers(3);
    auto const task = submit.on(last).run<&fail>(owner.mut_borrow());
    EXPECT_THROW(task.result(patience), RemoteError);
    EXPECT_EQ(owner->size(), 3U);
  });
}

TEST_F(Owning, AnOwnerThatGoesBeforeItsBorrowersLeavesTheEvictionToTheTask) {
  with_client([&](Client const& submit) {
    auto const gate = store.future<int>();
    auto owner = std::make_optional(numbers(1000));
    auto const key = owner->key();
    auto const task = submit.on(last).run<&count_after>(owner->borrow(), gate.proxy());
    owner.reset();
    EXPECT_TRUE(store.exists(key));
    gate.set_result(1);
    EXPECT_EQ(task.result(patience), 1000U);
    EXPECT_FALSE(store.exists(key));
  });
}

TEST_F(Owning, ATaskConsumesWhatItIsGiven) {
  with_client([&](Client const& submit) {
    auto owner = numbers(1000);
    auto const key = owner.key();
    auto const task = submit.on(last).run<&consume>(std::move(owner));
    EXPECT_EQ(task.result(patience), 1000U);
    EXPECT_TRUE(gone(key)) << "evicted by the rank that it was moved to";
  });
}

TEST_F(Owning, ATaskReturnsAnOwner) {
  with_client([&](Client const& submit) {
    auto const proxy = store.proxy(Numbers(5, 5), {.populate = false});
    {
      auto const owner = submit.on(last).run<&take_over>(proxy).result(patience);
      EXPECT_EQ(owner.resolve(patience).size(), 5U);
    }
    EXPECT_TRUE(gone(proxy.key()));
  });
}

TEST_F(Owning, ALifetimeEvictsWhatAllRanksSet) {
  std::vector<Key> keys;
  {
    std::optional<Lifetime> step;
    std::vector<Future<Numbers>> futures;
    if (rank == 0) {
      step.emplace(store);
      for (int r = 0; r < size; ++r) futures.push_back(store.future<Numbers>({.lifetime = &*step}));
    }
    futures = deserialize<std::vector<Future<Numbers>>>(share(serialize(futures), 0));
    futures[static_cast<std::size_t>(rank)].set_result(Numbers(1000, rank));
    for (auto const& future : futures) {
      EXPECT_EQ(future.result(patience).size(), 1000U);
      keys.push_back(future.key());
    }
    meet();
  }
  meet();
  for (auto const& key : keys) EXPECT_TRUE(gone(key));
}

TEST_F(Owning, AStoreThatClosesEndsItsLifetimesFirst) {
  auto other = Store::open("closing", mpi::rma(MPI_COMM_WORLD, {.capacity = 2 * MiB}));
  Lifetime step(other);
  StaticLifetime program(other);
  // Of every rank, and some of them are gone already when others evict.
  auto const key = other.put(Numbers(100, rank), {.lifetime = &program});
  for (auto const& text : gather(key.text())) step.add(Key(text));
  auto const lent = other.owned_proxy(Numbers(10));
  other.close();
  EXPECT_TRUE(step.done() && program.done());
}
