// Hand-offs between ranks: orders, sizes, memory read in place, failures, races of setters, keys of others.
#include <atomic>
#include <charconv>
#include <numeric>
#include <set>
#include <stdexcept>
#include <thread>

#include "world.hpp"

namespace {

using namespace world;
using Field = Array<double>;

class Rma : public RanksWithStore {
 protected:
  /// A future of rank `maker`, at every rank.
  template <class T>
  Future<T> shared_future(int maker) {
    return share(store.future<T>(), maker);
  }
};

}  // namespace

TEST_F(Rma, HandsOverToConsumersThatCameFirst) {
  auto const future = shared_future<std::string>(0);
  if (rank != last) {
    EXPECT_THROW((void)future.result(1ms), Timeout);
  }
  meet();  // all consumers have waited in vain
  if (rank == last) future.set_result("late");
  EXPECT_EQ(future.result(patience), "late");
}

TEST_F(Rma, HandsOverToConsumersThatComeLater) {
  auto const future = shared_future<std::string>(0);
  if (rank == last) future.set_result("early");
  meet();
  EXPECT_TRUE(future.done());
  EXPECT_EQ(future.result(Deadline::immediate()), "early");
}

TEST_F(Rma, HandsOverObjectsOfEverySizeInBothOrders) {
  std::vector<std::size_t> sizes{0, 1, 47, 48, 49, 63, 64, 65, 4096, large_object()};
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < 2 * sizes.size(); ++i) texts.push_back(connector.new_key({}).text());
  texts = share(texts, 0);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    auto const size_now = sizes[i / 2];
    bool const producer_first = i % 2 == 0;
    Key const key(texts[i]);
    if (rank == last) connector.set(key, filled(size_now, i));
    if (producer_first) meet();
    ASSERT_EQ(connector.wait(key, patience), State::ready) << size_now;
    auto const object = connector.get(key);
    ASSERT_TRUE(object && object->size() == size_now) << size_now;
    EXPECT_TRUE(is_filled(object->span(), i)) << size_now;
    meet();
    if (rank == 0) connector.evict(key);  // the large one would not fit twice
  }
}

TEST_F(Rma, ReadsAnArrayInTheMemoryWhereAnyRankMadeIt) {
  for (int producer = 0; producer < size; ++producer) {
    auto const future = shared_future<Field>(0);
    double* mine = nullptr;
    if (rank == producer) {
      Field field = store.allocate<double>({1000});
      std::iota(field.begin(), field.end(), 0.0);
      mine = field.data();
      future.set_result(std::move(field));
    }
    Field const seen = future.result(patience);
    ASSERT_EQ(seen.shape(), Shape{1000});
    EXPECT_TRUE(seen.is_view());
    EXPECT_EQ(seen[999], 999.0);
    if (rank == producer) {
      EXPECT_EQ(seen.data(), mine);
    }
    meet();
    if (rank == producer) mine[7] = -1.0;  // no program may do this; a copy would not show it
    meet();
    EXPECT_EQ(seen[7], -1.0);
  }
}

TEST_F(Rma, ReadsBytesInPlaceHoweverTheyWerePut) {
  for (bool const allocated : {true, false}) {
    Buffer object = allocated ? connector.allocate(1000) : Buffer(1000);
    std::fill_n(object.data(), 1000, std::byte{1});
    std::byte* const raw = object.data();
    Key const key = rank == 0 ? connector.put(std::move(object)) : Key();
    auto const seen = connector.get(share(key, 0)).value();
    auto const again = connector.get(Key(share(key, 0)));
    EXPECT_EQ(seen.data(), again->data()) << "two looks, one memory";
    if (rank == 0) {
      EXPECT_EQ(seen.data() == raw, allocated);
    }
    meet();
    if (rank == 0) const_cast<std::byte*>(seen.data())[999] = std::byte{2};  // NOLINT: as above
    meet();
    EXPECT_EQ(seen.data()[999], std::byte{2});
  }
}

TEST_F(Rma, HandsOverWhatOneRankPromisedAnotherMadeAndAThirdUses) {
  auto const promises = gather(store.future<std::vector<int>>());
  auto const at = [&](int r) { return static_cast<std::size_t>((r + 2 * size) % size); };
  promises[at(rank - 1)].set_result(std::vector<int>(1000, rank));
  EXPECT_THAT(promises[at(rank - 2)].result(patience), Each((rank - 1 + size) % size));
}

TEST_F(Rma, HandsOverFromEveryRankToEveryRankAtOnce) {
  constexpr int each = 100;
  std::vector<Future<std::string>> mine;
  for (int i = 0; i < each * size; ++i) mine.push_back(store.future<std::string>());
  auto const made = gather(mine);
  auto const text = [](int maker, int i) {
    return std::string(static_cast<std::size_t>(i % 90), 'a') + char('a' + maker);
  };
  for (int i = 0; i < each; ++i)
    for (int maker = 0; maker < size; ++maker)
      made[static_cast<std::size_t>(maker)][static_cast<std::size_t>(i * size + rank)].set_result(text(maker, i));
  for (int maker = 0; maker < size; ++maker)
    for (int i = 0; i < each * size; ++i)
      ASSERT_EQ(made[static_cast<std::size_t>(maker)][static_cast<std::size_t>(i)].result(patience),
                text(maker, i / size));
}

TEST_F(Rma, LetsExactlyOneOfAllRanksSetAFuture) {
  constexpr std::size_t rounds = 3000;
  std::vector<Key> mine;
  for (std::size_t i = 0; i < rounds; ++i) mine.push_back(connector.new_key({}));
  auto const keys = share(mine, 0);
  // The ranks come to each round together, by counting in memory that all see (this too no program may do).
  Buffer zeroes(1000);
  std::fill_n(zeroes.data(), zeroes.size(), std::byte{0});
  auto const memory = connector.get(share(rank == 0 ? connector.put(std::move(zeroes)) : Key(), 0)).value();
  std::atomic_ref<std::uint32_t> arrived(*reinterpret_cast<std::uint32_t*>(const_cast<std::byte*>(memory.data())));
  auto const start = Deadline(patience);
  std::vector<int> won(rounds, 0);
  for (std::size_t i = 0; i < rounds; ++i) {
    Buffer object(sizeof rank);
    std::memcpy(object.data(), &rank, sizeof rank);
    auto const all_here = static_cast<std::uint32_t>((i + 1) * static_cast<std::size_t>(size));
    ++arrived;
    for (int looks = 1; arrived < all_here; ++looks) {
      ASSERT_FALSE(start.expired()) << i;
      if (looks % 100 == 0) std::this_thread::yield();
    }
    try {
      connector.set(keys[i], std::move(object));
      won[i] = 1;
    } catch (AlreadySet const&) {  // another rank came first
    }
  }
  auto const all = gather(won);
  for (std::size_t i = 0; i < rounds; ++i) {
    int winners = 0;
    for (auto const& of_rank : all) winners += of_rank[i];
    ASSERT_EQ(winners, 1) << i;
    int winner = -1;
    std::memcpy(&winner, connector.get(keys[i]).value().data(), sizeof winner);
    ASSERT_EQ(all.at(static_cast<std::size_t>(winner))[i], 1) << i;
  }
}

TEST_F(Rma, CarriesAFailureToEveryRankWithTypeTextAndOrigin) {
  auto const future = shared_future<Field>(0);
  if (rank == last) future.set_exception(std::out_of_range("step 7 diverged"));
  try {
    (void)future.result(patience);
    ADD_FAILURE() << "nothing was thrown";
  } catch (RemoteError const& error) {
    EXPECT_EQ(error.failure().type, "std::out_of_range");
    EXPECT_EQ(error.failure().message, "step 7 diverged");
    EXPECT_THAT(error.failure().origin, HasSubstr("rank " + std::to_string(last) + " of " + std::to_string(size)));
  }
}

TEST_F(Rma, RefusesAProducerThatIsNoRank) {
  for (int producer : {-1, size})
    EXPECT_THAT(error_of<InvalidArgument>([&] { (void)store.future<int>({.producer = producer}); }),
                HasSubstr("rank " + std::to_string(producer) + " cannot be a producer"));
}

TEST_F(Rma, FindsNothingUnderTextThatIsNoKey) {
  Key const ready = connector.put(filled(10, 1));
  Key const pending = connector.new_key({});
  auto const with_generation = [](Key const& key, std::uint64_t generation) {
    std::string text = key.text().substr(0, key.text().rfind('.') + 1);
    char digits[16];
    return text.append(digits, std::to_chars(digits, digits + sizeof digits, generation, 36).ptr);
  };
  std::set<std::string> const texts{"",
                                    ".",
                                    "..",
                                    "...",
                                    "a",
                                    "0.0",
                                    "0.0.",
                                    ".0.1",
                                    "0..1",
                                    "0.0.1.",
                                    "0.0.1.1",
                                    " 0.0.1",
                                    "0.0.1 ",
                                    "-1.0.1",
                                    "0.0.0",
                                    "z.0.1",
                                    "zzzzzzzzzzzzzzzzzz.0.1",
                                    "0.zzzzzzzzzz.1",
                                    "0.zzzzzz.1",
                                    "0.3w5e11264sgsf.1",
                                    with_generation(ready, 2),
                                    with_generation(ready, (std::uint64_t{1} << 56U) + 1),
                                    with_generation(pending, (std::uint64_t{1} << 56U) + 1)};
  for (auto const& text : texts) {
    Key const key(text);
    EXPECT_EQ(connector.get(key), std::nullopt) << text;
    EXPECT_FALSE(connector.exists(key)) << text;
    EXPECT_EQ(connector.wait(key, patience), State::gone) << text;
    EXPECT_THROW(connector.set(key, filled(1, 1)), ObjectNotFound) << text;
    EXPECT_NO_THROW(connector.evict(key)) << text;
  }
  EXPECT_TRUE(connector.exists(ready));
  EXPECT_EQ(connector.wait(pending, Deadline::immediate()), State::pending);
}
