// Processes that meet in a directory: producers and consumers, killed ones, and one that sees it through old caches.
#include <cstdlib>
#include <random>
#include <sstream>

#include "../contract/fixture.hpp"
#include "file/peer.hpp"
#include "folder.hpp"

namespace file_test {
namespace {

using contract::filled;
using contract::is_filled;

class FileProcesses : public testing::Test {
 protected:
  Scratch scratch_;
  std::string directory_ = (scratch_ / "objects").string();
  FileConnector connector_{directory_};
};

TEST_F(FileProcesses, HandOverWhatWasPutBeforeTheConsumerBegan) {
  Key const key = connector_.put(filled(300'000, 1));
  Peer consumer(directory_);
  EXPECT_EQ(consumer.ask("get " + key.text() + " 300000 1"), "whole");
  EXPECT_EQ(consumer.ask("evict " + key.text()), "done");
  EXPECT_FALSE(connector_.exists(key));
}

TEST_F(FileProcesses, HandOverAFutureToAConsumerThatWaitsAlready) {
  Peer consumer(directory_);
  auto const key = consumer.ask("new_key");
  consumer.tell("wait " + key);
  EXPECT_EQ(consumer.hear(), "waiting");
  connector_.set(Key(key), filled(300'000, 2));
  EXPECT_EQ(consumer.hear(), "ready");
  EXPECT_EQ(consumer.ask("get " + key + " 300000 2"), "whole");
}

TEST_F(FileProcesses, HandOverAFutureFromAProducerThatBeginsLater) {
  Key const key = connector_.new_key({});
  contract::Waiters waiters(connector_, key, 3);
  Peer producer(directory_);
  EXPECT_EQ(producer.ask("set " + key.text() + " 300000 3"), "done");
  EXPECT_THAT(waiters.join(), testing::Each(State::ready));
  EXPECT_TRUE(is_filled(connector_.get(key)->span(), 3));
  EXPECT_EQ(producer.ask("set " + key.text() + " 300000 4"), "already_set");
  EXPECT_THROW(connector_.set(key, filled(10, 5)), AlreadySet);
}

TEST_F(FileProcesses, TellOneThatWaitsThatItsFutureWasEvicted) {
  Peer consumer(directory_);
  auto const key = consumer.ask("new_key");
  consumer.tell("wait " + key);
  EXPECT_EQ(consumer.hear(), "waiting");
  connector_.evict(Key(key));
  EXPECT_EQ(consumer.hear(), "gone");
  EXPECT_EQ(consumer.ask("set " + key + " 10 1"), "not_found");
}

TEST_F(FileProcesses, LetExactlyOneOfTwoSettersWin) {
  Peer other(directory_);
  for (int round = 0; round < 50; ++round) {
    Key const key = connector_.new_key({});
    other.tell("set " + key.text() + " 1000 1");
    std::string mine = "done";
    try {
      connector_.set(key, filled(1000, 0));
    } catch (AlreadySet const&) {
      mine = "already_set";
    }
    auto const theirs = other.hear();
    ASSERT_NE(mine, theirs);
    ASSERT_TRUE(is_filled(connector_.get(key)->span(), mine == "done" ? 0 : 1)) << mine << ' ' << theirs;
  }
}

TEST_F(FileProcesses, SeeWholeObjectsOrNoneOfAProducerThatIsKilled) {
  std::minstd_rand random(20240711);
  int whole = 0, unset = 0;
  for (int round = 0; round < 40; ++round) {
    Peer producer(directory_);
    producer.tell("storm");
    int const lines = static_cast<int>(random() % 20);
    for (int line = 0; line < lines; ++line) producer.hear();
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 3000));  // where it is killed is left to chance
    producer.kill();
    for (auto line = producer.hear(); !line.empty(); line = producer.hear()) {
      std::string key, next;
      std::size_t size = 0;
      std::uint64_t seed = 0;
      if (!(std::istringstream(line) >> key >> size >> seed)) continue;
      auto const object = connector_.get(Key(key));
      ASSERT_EQ(object.has_value(), connector_.exists(Key(key)));
      if (object) {
        ASSERT_EQ(object->size(), size);
        ASSERT_TRUE(is_filled(object->span(), seed));
        ++whole;
        continue;
      }
      ++unset;
      try {  // the next producer sets it, or finishes it
        connector_.set(Key(key), filled(size, seed));
      } catch (AlreadySet const&) {
      }
      ASSERT_TRUE(is_filled(connector_.get(Key(key)).value().span(), seed));
    }
  }
  RecordProperty("whole", whole);
  RecordProperty("unset", unset);
  EXPECT_GT(unset, 0) << "nobody was killed while it wrote";
}

/// A peer that sees the directory through old caches: those of a preloaded layer, or where the environment has
/// PROXYSTORE_TEST_MOUNTS=/a:/b, two mounts of one file system, those of the second.
class StaleFileProcesses : public testing::Test {
 protected:
  static std::string mounts(bool second) {
    auto const* const both = std::getenv("PROXYSTORE_TEST_MOUNTS");
    std::string const text = both ? both : "";
    if (text.empty()) return std::filesystem::temp_directory_path();
    auto const colon = text.find(':');
    return second ? text.substr(colon + 1) : text.substr(0, colon);
  }
  static std::vector<std::string> preloads() {
    if (std::getenv("PROXYSTORE_TEST_MOUNTS")) return {};
    return {"LD_PRELOAD=" PROXYSTORE_FILE_STALE};
  }

  Scratch scratch_{mounts(false)};
  FileConnector connector_{(scratch_ / "objects").string()};
  Peer far_{mounts(true) + '/' + scratch_.path().filename().string() + "/objects?poll=50ms", preloads()};
};

TEST_F(StaleFileProcesses, FindWhatWasPutThoughTheyRememberItAbsent) {
  auto const key = far_.ask("new_key");
  EXPECT_EQ(far_.ask("exists " + key), "no");
  EXPECT_EQ(far_.ask("get " + key + " 0 0"), "absent");
  connector_.set(Key(key), filled(300'000, 1));
  EXPECT_EQ(far_.ask("get " + key + " 300000 1"), "whole");
  EXPECT_EQ(far_.ask("exists " + key), "yes");
}

TEST_F(StaleFileProcesses, WakeThoughNothingTellsThem) {
  for (std::uint64_t round = 0; round < 5; ++round) {
    auto const key = far_.ask("new_key");
    far_.tell("wait " + key);
    ASSERT_EQ(far_.hear(), "waiting");
    connector_.set(Key(key), filled(1000, round));
    ASSERT_EQ(far_.hear(), "ready");
    ASSERT_EQ(far_.ask("get " + key + " 1000 " + std::to_string(round)), "whole");
  }
}

TEST_F(StaleFileProcesses, LetExactlyOneOfTwoSettersWin) {
  for (int round = 0; round < 20; ++round) {
    Key const key = connector_.new_key({});
    EXPECT_EQ(far_.ask("exists " + key.text()), "no");
    far_.tell("set " + key.text() + " 1000 1");
    std::string mine = "done";
    try {
      connector_.set(key, filled(1000, 0));
    } catch (AlreadySet const&) {
      mine = "already_set";
    }
    auto const theirs = far_.hear();
    ASSERT_NE(mine, theirs);
    ASSERT_TRUE(is_filled(connector_.get(key).value().span(), mine == "done" ? 0 : 1));
    ASSERT_EQ(far_.ask("get " + key.text() + " 1000 " + (mine == "done" ? "0" : "1")), "whole");
  }
}

TEST_F(StaleFileProcesses, HearOfAnEviction) {
  auto const key = far_.ask("new_key");
  far_.tell("wait " + key);
  ASSERT_EQ(far_.hear(), "waiting");
  connector_.evict(Key(key));
  EXPECT_EQ(far_.hear(), "gone");
}

TEST_F(StaleFileProcesses, SetWhatOthersWaitForAndRefuseASecondTime) {
  Key const key = connector_.new_key({});
  EXPECT_EQ(far_.ask("exists " + key.text()), "no");
  EXPECT_EQ(far_.ask("set " + key.text() + " 1000 1"), "done");
  EXPECT_EQ(far_.ask("set " + key.text() + " 1000 2"), "already_set");
  Key const taken = connector_.new_key({});
  EXPECT_EQ(far_.ask("exists " + taken.text()), "no");
  connector_.set(taken, filled(1000, 3));
  EXPECT_EQ(far_.ask("set " + taken.text() + " 1000 4"), "already_set");
  EXPECT_TRUE(is_filled(connector_.get(key)->span(), 1));
  EXPECT_TRUE(is_filled(connector_.get(taken)->span(), 3));
}

}  // namespace
}  // namespace file_test
