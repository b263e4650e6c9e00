// What is special in the file connector, within one process.
#include "folder.hpp"

#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <grp.h>
#include <sched.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include <proxystore/connectors/connectors.hpp>

#include "../contract/fixture.hpp"

namespace file_test {
namespace {

using namespace std::chrono_literals;
using contract::buffer_of;
using contract::filled;
using contract::is_filled;
using contract::text_of;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

std::vector<std::string> names_in(std::filesystem::path const& directory) {
  std::vector<std::string> names;
  for (auto const& entry : std::filesystem::directory_iterator(directory)) names.push_back(entry.path().filename());
  return names;
}

unsigned mode_of(std::filesystem::path const& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 ? status.st_mode & 07777U : 0;
}

void write(std::filesystem::path const& path, std::string const& text = {}) { std::ofstream(path) << text; }

template <class Call>
std::string message_of(Call const& call) {
  try {
    call();
  } catch (Error const& error) {
    return std::string(name_of(error.code())) + ": " + error.what();
  }
  return "no error";
}

/// From now on this process may mount, and nobody else sees it; false where the machine does not let an ordinary user.
bool may_mount() {
  auto const user = ::geteuid(), group = ::getegid();
  if (user == 0) return ::unshare(CLONE_NEWNS) == 0;
  if (::unshare(CLONE_NEWNS | CLONE_NEWUSER) != 0) return false;
  write("/proc/self/uid_map", "0 " + std::to_string(user) + " 1");
  write("/proc/self/setgroups", "deny");
  write("/proc/self/gid_map", "0 " + std::to_string(group) + " 1");
  return ::geteuid() == 0 && ::getegid() == 0;
}

class FileConnectorTest : public testing::Test {
 protected:
  Scratch scratch_;
  std::filesystem::path directory_ = scratch_ / "objects";
  FileConnector connector_{directory_.string()};
};

TEST_F(FileConnectorTest, WritesAnObjectAndItsEmptyMarkerAsPythonDoes) {
  auto const key = connector_.put(buffer_of("hello")).text();
  EXPECT_THAT(names_in(directory_), UnorderedElementsAre(key, key + ".ready"));
  EXPECT_EQ(std::filesystem::file_size(directory_ / key), 5U);
  EXPECT_EQ(std::filesystem::file_size(directory_ / (key + ".ready")), 0U);
}

TEST_F(FileConnectorTest, LeavesNothingOfWhatWasPutAndEvicted) {
  connector_.evict(connector_.put(filled(1'000'000, 1)));
  EXPECT_THAT(names_in(directory_), testing::IsEmpty());
}

TEST_F(FileConnectorTest, LeavesALinkToNowhereOfWhatWasSetAndEvicted) {
  Key const key = connector_.new_key({});
  connector_.set(key, buffer_of("x"));
  connector_.evict(key);
  EXPECT_THAT(names_in(directory_), UnorderedElementsAre(key.text()));
  EXPECT_EQ(std::filesystem::read_symlink(directory_ / key.text()), "/dev/null/evicted");
}

TEST_F(FileConnectorTest, FindsAKeyGoneThatAnotherConnectorEvictedBeforeOrAfterItWasSet) {
  FileConnector other(directory_.string());
  for (bool const set : {false, true}) {
    Key const key = connector_.new_key({});
    if (set) connector_.set(key, buffer_of("x"));
    other.evict(key);
    EXPECT_EQ(connector_.wait(key, contract::patience), State::gone);
    EXPECT_THROW(connector_.set(key, buffer_of("y")), ObjectNotFound);
  }
}

TEST_F(FileConnectorTest, IsPrivateUnlessAskedOtherwise) {
  auto const key = connector_.put(buffer_of("mine")).text();
  EXPECT_EQ(mode_of(directory_), 0700U);
  EXPECT_EQ(mode_of(directory_ / key), 0600U);
  EXPECT_EQ(mode_of(directory_ / (key + ".ready")), 0600U);
}

TEST_F(FileConnectorTest, GivesExactlyThePermissionsAskedFor) {
  auto const umask = ::umask(077);
  FileConnector group((scratch_ / "group").string(), {.permissions = 0664});
  auto const small = group.put(buffer_of("small")).text();
  auto memory = group.allocate(1 << 20U);
  contract::fill(memory.span(), 1);
  auto const large = group.put(std::move(memory)).text();
  ::umask(umask);
  EXPECT_EQ(mode_of(scratch_ / "group"), 0775U);
  for (auto const& name : {small, large, small + ".ready"}) EXPECT_EQ(mode_of(scratch_ / "group" / name), 0664U) << name;
}

TEST_F(FileConnectorTest, KeepsWhatWasWrittenWhenItCloses) {
  Key const key = connector_.put(buffer_of("kept"));
  connector_.close();
  EXPECT_EQ(text_of(FileConnector(directory_.string()).get(key)), "kept");
}

TEST_F(FileConnectorTest, ClearsAtCloseWhatConnectorsWroteAndNothingElse) {
  FileConnector clearing(directory_.string(), {.clear = true});
  connector_.put(buffer_of("of another connector"));
  connector_.evict(connector_.new_key({}));
  write(directory_ / ".tmp-00000000-0000-4000-8000-000000000000", "left by a crash");
  write(directory_ / "notes.txt", "the user's");
  clearing.close();
  EXPECT_THAT(names_in(directory_), UnorderedElementsAre("notes.txt"));

  FileConnector again((scratch_ / "again").string(), {.clear = true});
  again.put(buffer_of("x"));
  again.close();
  EXPECT_FALSE(std::filesystem::exists(scratch_ / "again"));
}

TEST_F(FileConnectorTest, OpensFromTextAndDescribesItselfWithoutClear) {
  register_connectors();
  auto const text = "file://" + directory_.string() + "?fsync=yes&permissions=0640&clear=yes&poll=20ms";
  auto const opened = Registry::instance().connect(Config::parse(text));
  EXPECT_EQ(opened->config().to_string(),
            "file://" + directory_.string() + "?fsync=yes&permissions=0640&poll=20000000ns");
  auto const rebuilt = Registry::instance().connect(opened->config());
  EXPECT_EQ(text_of(rebuilt->get(opened->put(buffer_of("x")))), "x");
  EXPECT_EQ(rebuilt->config(), opened->config());
}

TEST_F(FileConnectorTest, TakesTheWaysToWriteADirectory) {
  auto const path = [](std::string const& text) {
    register_connectors();
    return Registry::instance().connect(Config::parse(text))->config().location();
  };
  auto const plain = directory_.string();
  EXPECT_EQ(path("file:" + plain), "//" + plain);
  EXPECT_EQ(path("file://localhost" + plain + "/"), "//" + plain);
  EXPECT_EQ(path("file:" + plain + "/../objects"), "//" + plain);
  EXPECT_EQ(path("file:" + std::filesystem::relative(plain).string()), "//" + plain);
  EXPECT_TRUE(std::filesystem::is_directory(path("file:" + plain + "/a%20b/c").substr(2)));
}

TEST_F(FileConnectorTest, RefusesOptionsThatCannotBe) {
  register_connectors();
  for (auto const* text : {"file:", "file://host/scratch", "file://scratch", "file:/tmp/x?permissions=9",
                           "file:/tmp/x?permissions=0400", "file:/tmp/x?permissions=0755", "file:/tmp/x?poll=0s",
                           "file:/tmp/x?sync=yes"})
    EXPECT_THROW((void)Registry::instance().connect(Config::parse(text)), ConfigError) << text;
}

TEST_F(FileConnectorTest, StaysInItsDirectoryWhateverAKeySays) {
  write(scratch_ / "outside", "secret");
  write(scratch_ / "outside.ready");
  for (std::string const& text : {std::string("../outside"), (scratch_ / "outside").string(), std::string("a/../../outside")}) {
    Key const key(text);
    EXPECT_THAT(message_of([&] { (void)connector_.get(key); }), HasSubstr("is a path"));
    EXPECT_THROW((void)connector_.exists(key), InvalidArgument);
    EXPECT_THROW(connector_.evict(key), InvalidArgument);
    EXPECT_THROW(connector_.set(key, buffer_of("x")), InvalidArgument);
    EXPECT_THROW((void)connector_.wait(key, 0ms), InvalidArgument);
  }
  for (auto const* text : {"..", ".", "", "outside", "notes.txt\0", ".tmp-00000000-0000-4000-8000-000000000000"}) {
    EXPECT_EQ(connector_.get(Key(text)), std::nullopt);
    EXPECT_EQ(connector_.wait(Key(text), contract::patience), State::gone);
    EXPECT_THROW(connector_.set(Key(text), buffer_of("x")), ObjectNotFound);
    EXPECT_NO_THROW(connector_.evict(Key(text)));
  }
  EXPECT_THAT(names_in(scratch_.path()), UnorderedElementsAre("objects", "outside", "outside.ready"));
  EXPECT_THAT(names_in(directory_), testing::IsEmpty());
}

TEST_F(FileConnectorTest, FollowsNoLinkAndWaitsForNoPipeInPlaceOfAnObject) {
  auto const key = connector_.new_key({}).text();
  write(scratch_ / "outside", "secret");
  write(directory_ / (key + ".ready"));
  std::filesystem::create_symlink(scratch_ / "outside", directory_ / key);
  EXPECT_EQ(connector_.get(Key(key)), std::nullopt);
  std::filesystem::remove(directory_ / key);
  ASSERT_EQ(::mkfifo((directory_ / key).c_str(), 0600), 0);
  EXPECT_EQ(connector_.get(Key(key)), std::nullopt);
  EXPECT_FALSE(connector_.exists(Key(key)));
}

TEST_F(FileConnectorTest, SeesNoObjectInAFileWithoutMarkerOrAMarkerWithoutFile) {
  auto const half = connector_.new_key({}).text(), hollow = connector_.new_key({}).text();
  write(directory_ / half, "Python is still writ");
  write(directory_ / (hollow + ".ready"));
  for (auto const& key : {half, hollow}) {
    EXPECT_EQ(connector_.get(Key(key)), std::nullopt);
    EXPECT_FALSE(connector_.exists(Key(key)));
  }
  EXPECT_EQ(connector_.wait(Key(half), 1ms), State::pending);
  EXPECT_EQ(connector_.wait(Key(hollow), contract::patience), State::gone);
  EXPECT_THROW(connector_.set(Key(half), buffer_of("mine")), AlreadySet);
  EXPECT_EQ(connector_.wait(Key(half), 1ms), State::pending);
}

TEST_F(FileConnectorTest, FinishesForASetterThatWasKilledBeforeTheMarker) {
  auto const key = connector_.new_key({}).text();
  write(directory_ / ".tmp-00000000-0000-4000-8000-000000000000", "complete");
  std::filesystem::create_hard_link(directory_ / ".tmp-00000000-0000-4000-8000-000000000000", directory_ / key);
  EXPECT_FALSE(connector_.exists(Key(key)));
  EXPECT_THROW(connector_.set(Key(key), buffer_of("second")), AlreadySet);
  EXPECT_EQ(text_of(connector_.get(Key(key))), "complete");
}

TEST_F(FileConnectorTest, MapsALargeObjectAndPublishesAllocatedMemoryWithoutACopy) {
  std::size_t const size = 8 << 20U;
  auto memory = connector_.allocate(size);
  contract::fill(memory.span(), 6);
  auto const* const written = memory.data();
  EXPECT_NE(memory.arena(), nullptr);
  EXPECT_THAT(names_in(directory_), testing::IsEmpty());
  Key const key = connector_.put(std::move(memory));
  EXPECT_NE(written, nullptr);

  Bytes const held = connector_.get(key).value();
  std::fstream file(directory_ / key.text(), std::ios::in | std::ios::out | std::ios::binary);
  file << "seen through the mapping";
  file.close();
  EXPECT_TRUE(held.text().starts_with("seen through the mapping"));
}

TEST_F(FileConnectorTest, WritesWhatWasCopiedUnlessItIsLarge) {
  EXPECT_EQ(connector_.stage(8 << 20U).arena(), nullptr);
  auto memory = connector_.stage(32 << 20U);
  EXPECT_NE(memory.arena(), nullptr);
  contract::fill(memory.span(), 7);
  EXPECT_TRUE(is_filled(connector_.get(connector_.put(std::move(memory))).value().span(), 7));
}

TEST_F(FileConnectorTest, PublishesMemoryOfAnotherConnectorByCopying) {
  FileConnector other((scratch_ / "other").string());
  auto memory = other.allocate(1 << 20U);
  contract::fill(memory.span(), 8);
  auto const object = connector_.get(connector_.put(std::move(memory)));
  ASSERT_TRUE(object);
  EXPECT_TRUE(is_filled(object->span(), 8));
}

TEST_F(FileConnectorTest, LetsAllocatedMemoryOutliveIt) {
  auto connector = std::make_unique<FileConnector>((scratch_ / "short").string());
  auto memory = connector->allocate(1 << 20U);
  connector.reset();
  contract::fill(memory.span(), 9);
  EXPECT_TRUE(is_filled(memory.span(), 9));
}

TEST_F(FileConnectorTest, SaysThatItsDirectoryWasRemoved) {
  Key const key = connector_.put(buffer_of("x"));
  Key const pending = connector_.new_key({});
  contract::Waiters waiters(connector_, pending, 2);
  std::filesystem::remove_all(directory_);
  EXPECT_THAT(message_of([&] { (void)connector_.get(key); }), HasSubstr("was removed"));
  EXPECT_THAT(message_of([&] { (void)connector_.exists(key); }), HasSubstr("was removed"));
  EXPECT_THAT(message_of([&] { connector_.put(buffer_of("y")); }), HasSubstr("was removed"));
  EXPECT_THAT(message_of([&] { connector_.set(pending, filled(1 << 20U, 0)); }), HasSubstr("was removed"));
  EXPECT_THAT(waiters.join(), testing::Each(State::broken));
  EXPECT_EQ(connector_.wait(pending, 0ms), State::broken);
  EXPECT_FALSE(std::filesystem::exists(directory_));
}

TEST_F(FileConnectorTest, SaysWhatIsWrongWithADirectoryThatCannotBe) {
  write(scratch_ / "plain file");
  EXPECT_THAT(message_of([&] { FileConnector((scratch_ / "plain file").string()); }), HasSubstr("Not a directory"));
  EXPECT_THAT(message_of([&] { FileConnector((scratch_ / "plain file/below").string()); }), HasSubstr("Not a directory"));
  EXPECT_THAT(message_of([&] { FileConnector((scratch_ / std::string(300, 'x')).string()); }), HasSubstr("too long"));
}

TEST_F(FileConnectorTest, WaitsByLookingWhereTheKernelHasNoMoreToTellWith) {
  std::vector<int> taken;
  for (int queue = ::inotify_init1(IN_CLOEXEC); queue != -1; queue = ::inotify_init1(IN_CLOEXEC)) taken.push_back(queue);
  EXPECT_EQ(errno, EMFILE);
  while (taken.size() > 1 && errno == EMFILE) {  // descriptors must be left, queues need not
    struct rlimit limit {};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    if (taken.size() + 64 < limit.rlim_cur) break;
    ::close(taken.back());
    taken.pop_back();
  }
  Key const key = connector_.new_key({});
  contract::Waiters waiters(connector_, key, 3);
  for (int const queue : taken) ::close(queue);
  connector_.set(key, buffer_of("x"));
  EXPECT_THAT(waiters.join(), testing::Each(State::ready));
}

TEST_F(FileConnectorTest, WakesManyWaitersOfManyKeysThroughOneLeader) {
  constexpr int n = 40;
  std::vector<Key> keys;
  std::vector<State> states(n);
  for (int i = 0; i < n; ++i) keys.push_back(connector_.new_key({}));
  FileConnector other(directory_.string());
  auto const start = Deadline::Clock::now();
  {
    std::latch waiting(n);
    std::vector<std::jthread> threads;
    for (int i = 0; i < n; ++i)
      threads.emplace_back([&, i] {
        EXPECT_EQ(connector_.wait(keys[i], 1ms), State::pending);
        waiting.count_down();
        states[i] = connector_.wait(keys[i], contract::patience);
      });
    waiting.wait();
    for (auto const& key : keys) other.set(key, buffer_of("x"));
  }
  EXPECT_THAT(states, testing::Each(State::ready));
  EXPECT_LT(Deadline::Clock::now() - start, 20s);
}

TEST_F(FileConnectorTest, KeepsNothingOfABatchThatFails) {
  struct rlimit const limit { 1 << 20U, RLIM_INFINITY };
  EXPECT_EXIT(
      {
        std::signal(SIGXFSZ, SIG_IGN);
        ::setrlimit(RLIMIT_FSIZE, &limit);
        std::vector<Buffer> objects;
        objects.push_back(filled(1000, 1));
        objects.push_back(filled(2 << 20U, 2));
        auto const said = message_of([&] { connector_.put_batch(std::move(objects)); });
        std::fprintf(stderr, "%s\n", said.c_str());
        std::_Exit(0);
      },
      testing::ExitedWithCode(0), "store_full: cannot write .*File too large.* are free");
  EXPECT_THAT(names_in(directory_), testing::IsEmpty());
}

TEST_F(FileConnectorTest, IsFullWhenTheDiskIsAndServesOnAfterAnEviction) {
  auto const disk = scratch_ / "disk";
  std::filesystem::create_directory(disk);
  EXPECT_EXIT(
      {
        if (!may_mount() ||
            ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
            ::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=1m") != 0)
          std::_Exit(77);
        FileConnector small(disk.string());
        Key const held = small.put(filled(600'000, 1));
        Key const future = small.new_key({});
        bool right = message_of([&] { small.put(filled(600'000, 2)); }).starts_with("store_full:");
        right &= message_of([&] { small.set(future, filled(600'000, 2)); }).starts_with("store_full:");
        right &= message_of([&] { (void)small.allocate(600'000); }).starts_with("store_full:");
        right &= names_in(disk).size() == 2 && is_filled(small.get(held)->span(), 1);
        small.evict(held);
        small.set(future, filled(600'000, 3));
        right &= is_filled(small.get(future)->span(), 3);
        std::_Exit(right ? 0 : 1);
      },
      [](int status) { return WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 77); }, "");
}

TEST_F(FileConnectorTest, SaysThatItMayNotWriteAndReadsOn) {
  FileConnector readable((scratch_ / "readable").string(), {.permissions = 0644});
  Key const key = readable.put(buffer_of("for all"));
  ::chmod(scratch_.path().c_str(), 0755);
  ::chmod((scratch_ / "readable").c_str(), 0555);
  EXPECT_EXIT(
      {
        FileConnector mine((scratch_ / "readable").string());  // before: the way there may be closed to that user
        if (::geteuid() == 0 && (::setgroups(0, nullptr) != 0 || ::setgid(65534) != 0 || ::setuid(65534) != 0)) std::_Exit(1);
        auto const put = message_of([&] { mine.put(buffer_of("x")); });
        auto const evict = message_of([&] { mine.evict(key); });
        bool const read = text_of(mine.get(key)) == "for all";
        std::fprintf(stderr, "%s\n%s\n%s", put.c_str(), evict.c_str(), read ? "read" : "");
        std::_Exit(0);
      },
      testing::ExitedWithCode(0),
      "connector: cannot write .*Permission denied, as user(.|\n)*connector: cannot remove .*Permission denied(.|\n)*read");
  ::chmod((scratch_ / "readable").c_str(), 0755);
  EXPECT_EQ(text_of(readable.get(key)), "for all");
}

TEST_F(FileConnectorTest, ReportsObjectsAndLeftovers) {
  connector_.put(buffer_of("a"));
  connector_.set(connector_.new_key({}), buffer_of("b"));
  write(directory_ / ".tmp-00000000-0000-4000-8000-000000000000");
  EXPECT_EQ(connector_.report(), "file: 2 objects in " + directory_.string() + ", 1 unfinished files\n");
}

}  // namespace
}  // namespace file_test
