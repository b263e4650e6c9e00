// Several processes in one directory: futures, readers beside a writer, setters in a race, death, full disks.
#include "support.hpp"

#include <algorithm>
#include <csignal>
#include <numeric>
#include <set>
#include <thread>
#include <unistd.h>

#include <proxystore/connectors/connectors.hpp>

namespace hdf5_test {
namespace {

std::string const peer = HDF5_PEER;

class Hdf5Processes : public testing::Test {
 protected:
  Store open() const { return Store::open("shared", std::make_unique<Hdf5Connector>(directory_.path())); }
  std::string text() const { return "hdf5:" + directory_.path().string(); }

  Directory directory_;
  Directory beside_;  // what processes tell each other otherwise
};

/// A shell command that runs meanwhile, with a pipe from or to it.
class Started {
 public:
  Started(std::string const& command, char const* direction) : pipe_(popen(("exec " + command).c_str(), direction)) {}
  ~Started() {
    if (pipe_) pclose(pipe_);
  }
  Started(Started const&) = delete;
  Started& operator=(Started const&) = delete;

  /// Empty at its end.
  std::string line() {
    std::string out;
    for (int c = std::fgetc(pipe_); c != EOF && c != '\n'; c = std::fgetc(pipe_)) out += static_cast<char>(c);
    return out;
  }
  void tell(std::string const& line) { std::fputs((line + '\n').c_str(), pipe_); }
  int end() { return pclose(std::exchange(pipe_, nullptr)); }

 private:
  std::FILE* pipe_;
};

TEST_F(Hdf5Processes, HandsAFutureToAConsumerThatWaitsElsewhere) {
  Store store = open();
  auto const future = store.future<Array<double>>();
  auto const file = (beside_.path() / "future").string();
  overwrite(file, serialize(future).text());
  Started consumer(peer + " consume " + file, "r");
  Started producer(peer + " produce " + file, "r");
  auto const& array = future.result(patience);
  EXPECT_EQ(array.shape(), (Shape{105, 500}));
  EXPECT_EQ(std::stod(consumer.line()), std::accumulate(array.begin(), array.end(), 0.0));
  EXPECT_EQ(producer.end(), 0);
  EXPECT_EQ(consumer.end(), 0);
}

TEST_F(Hdf5Processes, CarriesAFailureToConsumersElsewhere) {
  Store store = open();
  auto const future = store.future<Array<double>>();
  auto const file = (beside_.path() / "future").string();
  overwrite(file, serialize(future).text());
  Started consumer(peer + " consume " + file, "r");
  EXPECT_EQ(run(peer + " fail " + file).output, "");
  EXPECT_EQ(consumer.line(), "std::out_of_range: step 7 diverged");
  EXPECT_THROW((void)future.result(patience), RemoteError);
}

TEST_F(Hdf5Processes, WakesAWaiterWhenAnotherProcessEvicts) {
  Hdf5Connector connector(directory_.path());
  Hdf5Connector other(directory_.path());  // knows no more of the first than another process
  Key const key = connector.new_key({});
  State seen = State::pending;
  {
    std::jthread waiter([&] { seen = connector.wait(key, patience); });
    other.evict(key);
  }
  EXPECT_EQ(seen, State::gone);
  EXPECT_TRUE(std::filesystem::is_empty(directory_.path()));
}

TEST_F(Hdf5Processes, LetsReadersReadWhileOneWrites) {
  Started writer(peer + " write " + text() + " 300", "r");
  std::vector<std::unique_ptr<Started>> readers;
  for (int i = 0; i < 3; ++i) readers.push_back(std::make_unique<Started>(peer + " read " + text(), "w"));
  (void)writer.line();  // its process id
  int count = 0;
  for (auto key = writer.line(); !key.empty(); key = writer.line(), ++count)
    for (auto& reader : readers) reader->tell(key);
  EXPECT_EQ(count, 300);
  EXPECT_EQ(writer.end(), 0);
  for (auto& reader : readers) EXPECT_EQ(reader->end(), 0);
}

TEST_F(Hdf5Processes, LetsOneOfManySettersWin) {
  Hdf5Connector connector(directory_.path());
  for (int round = 0; round < 5; ++round) {
    Key const key = connector.new_key({});
    std::vector<std::unique_ptr<Started>> setters;
    for (int i = 0; i < 6; ++i)
      setters.push_back(std::make_unique<Started>(peer + " set " + text() + ' ' + key.text() + " object" + std::to_string(i), "r"));
    std::string winner = "none";
    int winners = 0;
    for (std::size_t i = 0; i < setters.size(); ++i)
      if (setters[i]->line() == "set") winner = "US\nobject" + std::to_string(i), ++winners;
    EXPECT_EQ(winners, 1);
    EXPECT_EQ(connector.get(key).value().text(), winner);
  }
}

TEST_F(Hdf5Processes, KeepsWhatWasAnnouncedByAWriterThatIsKilled) {
  Hdf5Connector connector(directory_.path());
  for (int round = 0; round < 8; ++round) {
    Started writer(peer + " write " + text() + " 1000000", "r");
    auto const process = static_cast<pid_t>(std::stol(writer.line()));
    std::vector<Key> announced;
    for (int i = 0; i < 3 + 5 * round; ++i) announced.emplace_back(writer.line());
    kill(process, SIGKILL);
    for (auto key = writer.line(); key.size() == 36; key = writer.line()) announced.emplace_back(key);
    for (auto const& key : announced) {
      auto const object = connector.get(key);
      ASSERT_TRUE(object);
      EXPECT_EQ(deserialize<Array<double>>(*object).shape().at(1), 500U);
    }
  }
  for (auto const& entry : std::filesystem::directory_iterator(directory_.path())) {  // also what was not announced
    Key const key(entry.path().filename().string());
    auto const object = connector.get(key);
    EXPECT_TRUE(!object || deserialize<Array<double>>(*object).size() > 0);
    connector.evict(key);
  }
  EXPECT_TRUE(std::filesystem::is_empty(directory_.path()));
}

TEST_F(Hdf5Processes, OutlivesTheProcessThatWrote) {
  Started writer(peer + " write " + text() + " 1", "r");
  (void)writer.line();
  Key const key(writer.line());
  EXPECT_EQ(writer.end(), 0);
  EXPECT_TRUE(open().get<Array<double>>(key));
}

/// A command in a namespace with a file system of 2 MiB at the directory.
std::string on_a_small_disk(Directory const& directory, std::string const& command) {
  return "unshare --user --map-root-user --mount sh -c 'mount -t tmpfs -o size=2m none " + directory.path().string() +
         " && " + command + "'";
}

TEST_F(Hdf5Processes, SaysThatTheDiskIsFullAndGoesOn) {
  if (!has(on_a_small_disk(directory_, "true"))) GTEST_SKIP() << "no small file system can be mounted here (unshare, tmpfs)";
  for (auto const* options : {"", "?checksum=yes", "?compression=1&checksum=yes&sync=yes"}) {
    auto const result = run(on_a_small_disk(directory_, peer + " fill \"" + text() + options + "\""));
    EXPECT_EQ(result.output, "") << options;
    EXPECT_EQ(result.status, 0) << options;
  }
}

TEST_F(Hdf5Processes, FindsAStoreThatWasOpenedFromARelativePath) {
  auto const before = std::filesystem::current_path();
  std::filesystem::current_path(directory_.path());
  Hdf5Connector const connector("relative");
  std::filesystem::current_path(before);
  EXPECT_EQ(connector.config().location(), (std::filesystem::canonical(directory_.path()) / "relative").string());
}

}  // namespace
}  // namespace hdf5_test
