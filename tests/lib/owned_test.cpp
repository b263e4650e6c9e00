#include <latch>

#include "support.hpp"

namespace {

using namespace support;
using testing::AllOf;
using testing::HasSubstr;

using Text = std::string;
static_assert(!std::is_copy_constructible_v<OwnedProxy<Text>> &&
              std::is_nothrow_move_constructible_v<OwnedProxy<Text>>);
static_assert(std::is_copy_constructible_v<RefProxy<Text>>);
static_assert(!std::is_copy_constructible_v<RefMutProxy<Text>> &&
              std::is_nothrow_move_constructible_v<RefMutProxy<Text>>);
static_assert(Serializable<OwnedProxy<Text>> && Serializable<RefProxy<Text>> && Serializable<RefMutProxy<Text>>);
// An owner or a borrower is no proxy: no copy of one gets out that nobody counts.
static_assert(!std::is_convertible_v<OwnedProxy<Text>, Proxy<Text>> &&
              !std::is_convertible_v<RefProxy<Text>, Proxy<Text>>);

class OwnedTest : public testing::Test {
 protected:
  std::shared_ptr<CountingConnector::Counts> counts_ = std::make_shared<CountingConnector::Counts>();
  Store store_ = Store::open("owned", std::make_unique<CountingConnector>(std::make_unique<LocalConnector>(), counts_));

  std::optional<Text> stored(Key const& key) { return store_.get<Text>(key); }
};

TEST_F(OwnedTest, EvictsItsObjectWhenItIsDestroyed) {
  Key key;
  {
    auto const owner = store_.owned_proxy(Text("mine"));
    key = owner.key();
    EXPECT_EQ(*owner, "mine");
    EXPECT_EQ(owner->size(), 4U);
    EXPECT_EQ(static_cast<Text const&>(owner), "mine");
    EXPECT_TRUE(owner.is_resolved() && store_.exists(key));
  }
  EXPECT_FALSE(store_.exists(key));
  EXPECT_EQ(counts_->evicts, 1);
}

TEST_F(OwnedTest, ReadsWhatIsStoredIfItIsNotPopulated) {
  auto const owner = store_.owned_proxy(Text("there"), {.populate = false});
  EXPECT_FALSE(owner.is_resolved());
  EXPECT_EQ(*owner, "there");
}

TEST_F(OwnedTest, IsEvictedByWhomItWasMovedTo) {
  auto first = store_.owned_proxy(Text("1"));
  auto const key = first.key();
  auto second = std::move(first);
  EXPECT_FALSE(first.valid());  // NOLINT(bugprone-use-after-move)
  EXPECT_THAT(text_of<InvalidArgument>([&] { (void)*first; }),
              HasSubstr("owns nothing (default constructed, or moved away)"));
  EXPECT_THROW((void)first.borrow(), InvalidArgument);
  EXPECT_TRUE(store_.exists(key));
  second = store_.owned_proxy(Text("2"));
  EXPECT_FALSE(store_.exists(key)) << "assigned over, it releases what it had";
  EXPECT_EQ(*second, "2");
}

TEST_F(OwnedTest, MovesWhenItIsSerialized) {
  auto first = store_.owned_proxy(Text("moves"));
  auto const key = first.key();
  {
    auto const second = travelled(first);
    EXPECT_FALSE(first.valid());
    EXPECT_THAT(text_of<InvalidArgument>([&] { (void)*first; }), HasSubstr("serialized, which moves"));
    EXPECT_THROW((void)serialize(first), InvalidArgument);
    EXPECT_EQ(*second, "moves");
    { auto const gone = std::move(first); }
    EXPECT_TRUE(store_.exists(key)) << "the source evicts nothing any more";
  }
  EXPECT_FALSE(store_.exists(key));
}

TEST_F(OwnedTest, EvictsThoughItWasNeverUsedWhereItArrived) {
  auto const owner = store_.owned_proxy(Text("unused"));
  auto const key = owner.key();
  { auto const arrived = travelled(owner); }
  EXPECT_FALSE(store_.exists(key));
}

TEST_F(OwnedTest, LendsToManyWhoRead) {
  auto owner = store_.owned_proxy(Text("read"), {.populate = false});
  auto const one = owner.borrow();
  auto const two = owner.borrow();
  auto const copy = one;
  EXPECT_EQ(*one, "read");
  EXPECT_EQ(&*copy, &*two) << "they share one resolution";
  EXPECT_EQ(one.key(), owner.key());
  auto const twice = HasSubstr("it is borrowed 2 times");
  EXPECT_THAT(text_of<InvalidArgument>([&] { (void)owner.mut_borrow(); }), AllOf(HasSubstr("mutably borrowed"), twice));
  EXPECT_THAT(text_of<InvalidArgument>([&] { owner.update("other"); }), AllOf(HasSubstr("updated"), twice));
  EXPECT_THAT(text_of<InvalidArgument>([&] { (void)serialize(owner); }), AllOf(HasSubstr("moved"), twice));
  EXPECT_THAT(text_of<InvalidArgument>([&] { owner.evict(); }), AllOf(HasSubstr("evicted"), twice));
  EXPECT_EQ(*owner, "read");
}

TEST_F(OwnedTest, LendsToOneWhoChanges) {
  auto owner = store_.owned_proxy(Text("old"));
  {
    auto const changing = owner.mut_borrow();
    EXPECT_THAT(text_of<InvalidArgument>([&] { (void)owner.borrow(); }), HasSubstr("it is mutably borrowed"));
    EXPECT_THROW((void)owner.mut_borrow(), InvalidArgument);
    EXPECT_THROW((void)*owner, InvalidArgument);
    EXPECT_THROW((void)serialize(owner), InvalidArgument);
  }
  EXPECT_NO_THROW((void)owner.borrow());
  EXPECT_NO_THROW((void)owner.mut_borrow());
}

TEST_F(OwnedTest, GetsBackWhatABorrowerWrote) {
  auto owner = store_.owned_proxy(Text("old"));
  auto const old = owner.key();
  {
    auto changing = owner.mut_borrow();
    changing->append(" and new");
    EXPECT_EQ(stored(old), "old") << "the store knows nothing of a local change";
    changing.update();
    changing->append("er");
    changing.update();
  }
  EXPECT_EQ(*owner, "old and newer");
  EXPECT_EQ(*owner.borrow(), "old and newer");
  EXPECT_NE(owner.key(), old);
  EXPECT_FALSE(store_.exists(old));
  EXPECT_EQ(stored(owner.key()), "old and newer");
  EXPECT_EQ(counts_->evicts, 2) << "one object is stored at any time";
}

TEST_F(OwnedTest, ForgetsWhatABorrowerDidNotWriteBack) {
  auto owner = store_.owned_proxy(Text("old"));
  auto const key = owner.key();
  *owner.mut_borrow() = "lost";
  owner.mut_borrow().update();  // never resolved: nothing to write
  EXPECT_EQ(*owner, "old");
  EXPECT_EQ(owner.key(), key);
}

TEST_F(OwnedTest, IsUpdatedByItsOwner) {
  auto owner = store_.owned_proxy(Text("old"));
  auto const old = owner.key();
  owner.update("new");
  EXPECT_EQ(*owner, "new");
  EXPECT_FALSE(store_.exists(old));
  auto const key = owner.key();
  { auto const last = std::move(owner); }
  EXPECT_FALSE(store_.exists(key));
}

TEST_F(OwnedTest, CopiesTheStoredBytesToAnotherOwner) {
  auto owner = store_.owned_proxy(Text("twin"));
  auto const borrowed = owner.borrow();
  auto const twin = owner.clone();
  EXPECT_NE(twin.key(), owner.key());
  auto const key = owner.key();
  { auto const gone = store_.owned_proxy(Text()).clone(); }
  EXPECT_EQ(*twin, "twin");
  EXPECT_EQ(stored(twin.key()), "twin");
  EXPECT_TRUE(store_.exists(key));
}

TEST_F(OwnedTest, LeavesTheEvictionToTheLastBorrower) {
  auto owner = std::make_optional(store_.owned_proxy(Text("lent"), {.populate = false}));
  auto const key = owner->key();
  auto first = std::make_optional(owner->borrow());
  auto const second = *first;
  owner.reset();
  EXPECT_EQ(*second, "lent");
  EXPECT_TRUE(store_.exists(key));
  first.reset();
  EXPECT_TRUE(store_.exists(key));
  { auto const last = std::move(const_cast<RefProxy<Text>&>(second)); }
  EXPECT_FALSE(store_.exists(key));
}

TEST_F(OwnedTest, IsEvictedByHand) {
  auto owner = store_.owned_proxy(Text("now"));
  auto const key = owner.key();
  owner.evict();
  EXPECT_FALSE(owner.valid() || store_.exists(key));
  EXPECT_THROW(owner.evict(), InvalidArgument);
}

TEST_F(OwnedTest, OwnsWhatAProxyStandsFor) {
  auto const proxy = store_.proxy(Text("plain"));
  {
    auto const owner = into_owned(proxy);
    EXPECT_EQ(&*owner, &*proxy) << "what was resolved is resolved";
  }
  EXPECT_FALSE(store_.exists(proxy.key()));
  EXPECT_EQ(*proxy, "plain");
  EXPECT_THROW((void)into_owned(Proxy<Text>()), InvalidArgument);
}

TEST_F(OwnedTest, TakesAnEvictOnResolveOff) {
  auto const fleeting = store_.proxy(Text("stays"), {.evict_on_resolve = true, .populate = false});
  {
    auto const owner = into_owned(fleeting);
    EXPECT_EQ(*owner, "stays");
    EXPECT_TRUE(store_.exists(owner.key()));
  }
  EXPECT_FALSE(store_.exists(fleeting.key()));
  auto const taken = store_.proxy(Text("taken"), {.evict_on_resolve = true, .populate = false});
  EXPECT_EQ(*taken, "taken");
  EXPECT_THAT(text_of<InvalidArgument>([&] { (void)into_owned(taken); }),
              HasSubstr("taken it out of the store already"));
}

TEST_F(OwnedTest, OwnsWhatIsNotThereYet) {
  auto const future = store_.future<Text>();
  auto const owner = into_owned(future.proxy());
  EXPECT_THROW((void)owner.clone(Deadline::immediate()), Timeout);
  future.set_result("late");
  EXPECT_EQ(*owner.clone(), "late");
  EXPECT_EQ(*owner, "late");
}

TEST_F(OwnedTest, PassesAFailureOn) {
  auto const future = store_.future<Text>();
  future.set_exception(std::runtime_error("diverged"));
  auto const owner = into_owned(future.proxy());
  EXPECT_THROW((void)*owner, RemoteError);
  EXPECT_THROW((void)owner.clone(), RemoteError);
}

TEST_F(OwnedTest, ABorrowedProxyThatTravelsReads) {
  auto owner = store_.owned_proxy(Text("far"));
  auto const key = owner.key();
  auto const here = owner.borrow();
  {
    auto const there = travelled(travelled(here));
    EXPECT_EQ(*there, "far");
  }
  EXPECT_TRUE(store_.exists(key)) << "it is the owner's still";
  EXPECT_THROW((void)owner.mut_borrow(), InvalidArgument) << "the one here counts";
}

TEST_F(OwnedTest, AMutablyBorrowedProxyThatTravelsWritesBackOnce) {
  auto owner = store_.owned_proxy(Text("old"));
  auto const old = owner.key();
  {
    auto const here = owner.mut_borrow();
    auto there = travelled(here);
    EXPECT_FALSE(here.valid());
    EXPECT_THAT(text_of<InvalidArgument>([&] { (void)here.key(); }), HasSubstr("serialized, which moves it"));
    *there += " and far";
    there.update();
    EXPECT_THAT(text_of<AlreadySet>([&] { there.update(); }), HasSubstr("borrow it again"));
    EXPECT_THROW((void)*owner, InvalidArgument) << "the one that is invalid here keeps the loan";
  }
  EXPECT_EQ(*owner, "old and far");
  EXPECT_FALSE(store_.exists(old));
}

TEST_F(OwnedTest, AMutablyBorrowedProxyThatTravelsMayChangeNothing) {
  auto owner = store_.owned_proxy(Text("old"));
  auto const key = owner.key();
  (void)travelled(owner.mut_borrow());
  EXPECT_EQ(*owner, "old");
  EXPECT_EQ(owner.key(), key);
}

TEST_F(OwnedTest, AnOwnerThatGoesBeforeItLooksEvictsWhatWasWrittenToo) {
  Key written;
  {
    auto owner = store_.owned_proxy(Text("old"));
    auto there = travelled(owner.mut_borrow());
    *there = "new";
    there.update();
  }
  EXPECT_THAT(store_.report(), HasSubstr("nobody waits"));
  EXPECT_EQ(counts_->sets, 1);
  EXPECT_EQ(counts_->evicts, 2) << "the old object and the new one";
}

TEST_F(OwnedTest, WritesBackFromElsewhereOnlyWhereKeysAreMadeInAdvance) {
  Store shelf = Store::open("shelf", std::make_unique<ShelfConnector>("owned"));
  auto owner = shelf.owned_proxy(Text("old"));
  {
    auto there = travelled(owner.mut_borrow());
    *there = "new";
    EXPECT_THROW(there.update(), NotDeferrable);
  }
  {
    auto here = owner.mut_borrow();
    *here = "new";
    here.update();
  }
  EXPECT_EQ(*owner, "new");
  EXPECT_EQ(ShelfConnector::named("owned")->objects.size(), 1U);
}

TEST_F(OwnedTest, TellsOwnersAndBorrowersApartWhenTheyArrive) {
  auto owner = store_.owned_proxy(Text("kinds"));
  auto const key = owner.key();
  auto const bytes = serialize(owner.borrow());
  EXPECT_THROW((void)deserialize<OwnedProxy<Text>>(bytes), CorruptObject);
  EXPECT_THROW((void)deserialize<RefMutProxy<Text>>(bytes), CorruptObject);
  EXPECT_EQ(*deserialize<RefProxy<Text>>(bytes), "kinds");
  EXPECT_TRUE(store_.exists(key));
}

TEST_F(OwnedTest, LendsAndTakesBackOnSeveralThreads) {
  auto owner = store_.owned_proxy(Text("shared"), {.populate = false});
  {
    std::latch asked(1);  // until then none gives back its own
    std::vector<std::jthread> readers;
    for (int t = 0; t < 4; ++t)
      readers.emplace_back([ref = owner.borrow(), &asked] {
        for (int i = 0; i < 100; ++i) {
          auto const copy = ref;
          if (*copy != "shared") ADD_FAILURE();
        }
        asked.wait();
      });
    EXPECT_THROW((void)owner.mut_borrow(), InvalidArgument);
    asked.count_down();
  }
  EXPECT_NO_THROW(owner.update("alone"));
}

TEST_F(OwnedTest, GoesQuietlyAfterItsStore) {
  auto owner = store_.owned_proxy(Text("orphan"));
  auto borrowed = owner.borrow();
  store_.close();
  EXPECT_EQ(*owner, "orphan");
  EXPECT_THROW(owner.evict(), InvalidArgument);
}

TEST_F(OwnedTest, StandsForNothingByDefault) {
  OwnedProxy<Text> const owner;
  RefProxy<Text> const ref;
  RefMutProxy<Text> mut;
  EXPECT_FALSE(owner.valid() || ref.valid() || mut.valid() || owner.is_resolved() || ref.is_resolved());
  EXPECT_THROW((void)*owner, InvalidArgument);
  EXPECT_THROW((void)*ref, InvalidArgument);
  EXPECT_THROW((void)*mut, InvalidArgument);
  EXPECT_THROW((void)serialize(owner), InvalidArgument);
}

}  // namespace
