#include <limits>

#include "support.hpp"

namespace {

using namespace support;

TEST(DeadlineTest, IsNeverByDefault) {
  EXPECT_TRUE(Deadline().is_never());
  EXPECT_FALSE(Deadline().expired());
  EXPECT_EQ(Deadline(), Deadline::never());
}

TEST(DeadlineTest, LiesADurationFromNow) {
  auto const before = Deadline::Clock::now();
  Deadline const deadline = 10s;
  auto const after = Deadline::Clock::now();
  EXPECT_GE(deadline.time(), before + 10s);
  EXPECT_LE(deadline.time(), after + 10s);
  EXPECT_FALSE(deadline.expired());
  EXPECT_LE(deadline.remaining(), 10s);
  EXPECT_GT(deadline.remaining(), 5s);
}

TEST(DeadlineTest, TakesAnyUnit) {
  EXPECT_FALSE(Deadline(1.5h).expired());
  EXPECT_FALSE(Deadline(std::chrono::duration<float>(2.F)).is_never());
}

TEST(DeadlineTest, HasExpiredForZeroAndNegativeDurations) {
  EXPECT_TRUE(Deadline(0s).expired());
  EXPECT_TRUE(Deadline(-1ns).expired());
  EXPECT_TRUE(Deadline(std::chrono::hours::min()).expired());
  EXPECT_TRUE(Deadline(std::chrono::duration<double>(-1e300)).expired());
  EXPECT_TRUE(Deadline(-std::chrono::duration<double>(std::numeric_limits<double>::infinity())).expired());
  EXPECT_EQ(Deadline(-1s).remaining(), 0s);
}

TEST(DeadlineTest, MeansNeverForADurationTooLongToAdd) {
  EXPECT_TRUE(Deadline(std::chrono::hours::max()).is_never());
  EXPECT_TRUE(Deadline(std::chrono::nanoseconds::max()).is_never());
  EXPECT_TRUE(Deadline(std::chrono::duration<double>(1e300)).is_never());
  EXPECT_TRUE(Deadline(std::chrono::duration<double>(std::numeric_limits<double>::infinity())).is_never());
  EXPECT_FALSE(Deadline(std::chrono::hours(24 * 365 * 100)).is_never());
}

TEST(DeadlineTest, CanHaveExpiredFromTheStart) {
  EXPECT_TRUE(Deadline::immediate().expired());
  EXPECT_EQ(Deadline::immediate().remaining(), 0s);
  EXPECT_FALSE(Deadline::immediate().is_never());
}

TEST(DeadlineTest, KnowsTheEarlierOfTwo) {
  Deadline const soon = 1s, late = 1h;
  EXPECT_EQ(earlier(soon, late), soon);
  EXPECT_EQ(earlier(late, soon), soon);
  EXPECT_EQ(earlier(Deadline::never(), late), late);
  EXPECT_EQ(earlier(Deadline::immediate(), soon), Deadline::immediate());
}

}  // namespace
