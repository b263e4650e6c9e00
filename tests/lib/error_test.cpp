#include <stdexcept>
#include <type_traits>

#include "support.hpp"

namespace {

using namespace support;
using testing::HasSubstr;

template <class E>
void expect_code(Errc code, std::string_view name) {
  try {
    throw E("text");
  } catch (Error const& error) {
    EXPECT_EQ(error.code(), code);
    EXPECT_EQ(name_of(error.code()), name);
    EXPECT_STREQ(error.what(), "text");
  }
}

TEST(ErrorTest, HasOneHierarchyWithCodesAndNames) {
  expect_code<InvalidArgument>(Errc::invalid_argument, "invalid_argument");
  expect_code<ConfigError>(Errc::bad_config, "bad_config");
  expect_code<ConnectorError>(Errc::connector, "connector");
  expect_code<StoreExists>(Errc::store_exists, "store_exists");
  expect_code<StoreClosed>(Errc::store_closed, "store_closed");
  expect_code<UnknownStore>(Errc::unknown_store, "unknown_store");
  expect_code<ObjectNotFound>(Errc::not_found, "not_found");
  expect_code<NotDeferrable>(Errc::not_deferrable, "not_deferrable");
  expect_code<AlreadySet>(Errc::already_set, "already_set");
  expect_code<Timeout>(Errc::timeout, "timeout");
  expect_code<BrokenFuture>(Errc::broken_future, "broken_future");
  expect_code<CorruptObject>(Errc::corrupt_object, "corrupt_object");
  expect_code<StoreFull>(Errc::store_full, "store_full");
  expect_code<DeadlockError>(Errc::deadlock, "deadlock");
  static_assert(std::is_base_of_v<std::runtime_error, Error>);
}

TEST(ErrorTest, NamesEvenACodeThatIsNone) {
  EXPECT_EQ(name_of(static_cast<Errc>(999)), "unknown");
  EXPECT_EQ(name_of(Errc::remote), "remote");
}

struct Diverged : std::runtime_error {
  using std::runtime_error::runtime_error;
};

TEST(FailureTest, TellsTypeMessageAndOrigin) {
  auto const failure = Failure::of(std::make_exception_ptr(Diverged("at step 7")), "rank 3");
  EXPECT_THAT(failure.type, HasSubstr("Diverged"));
  EXPECT_EQ(failure.message, "at step 7");
  EXPECT_EQ(failure.origin, "rank 3");
}

TEST(FailureTest, DescribesWhatIsNoStdException) {
  auto const failure = Failure::of(std::make_exception_ptr(42), "rank 3");
  EXPECT_EQ(failure.type, "int");
  EXPECT_FALSE(failure.message.empty());
}

TEST(FailureTest, KeepsTheFirstOriginOfARemoteError) {
  RemoteError const first(Failure{"A", "b", "rank 1"});
  auto const failure = Failure::of(std::make_exception_ptr(first), "rank 2");
  EXPECT_EQ(failure.type, "A");
  EXPECT_EQ(failure.origin, "rank 1");
}

TEST(FailureTest, NeedsAnException) { EXPECT_THROW((void)Failure::of(nullptr, "rank 1"), InvalidArgument); }

TEST(RemoteErrorTest, SaysWhoThrewWhat) {
  RemoteError const error(Failure{"std::out_of_range", "index 9", "rank 3 on node7"});
  EXPECT_EQ(error.code(), Errc::remote);
  EXPECT_STREQ(error.what(), "the producer failed (rank 3 on node7 threw std::out_of_range: index 9)");
}

}  // namespace
