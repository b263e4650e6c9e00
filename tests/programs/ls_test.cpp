// `proxystore ls`: what it says of directories of each kind, and of damage.
#include <sys/wait.h>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <proxystore/connectors/connectors.hpp>
#include <proxystore/proxystore.hpp>
#include <proxystore/segments/index.hpp>
#include <proxystore/segments/writer.hpp>

#include "../connectors/directory.hpp"

namespace {

using namespace proxystore;
using contract::Directory;
using segments::Locator;
using segments::Writer;
using testing::HasSubstr;

constexpr char session[] = "01234567-89ab-4cde-8f01-23456789abcd";

struct Result {
  int status;
  std::string output;
};

Result run(std::string const& arguments) {
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(
      popen((PROXYSTORE_PROGRAM " " + arguments + " 2>&1").c_str(), "r"), pclose);
  Result result{};
  std::array<char, 4096> part{};
  while (auto const n = std::fread(part.data(), 1, part.size(), pipe.get())) result.output.append(part.data(), n);
  result.status = WEXITSTATUS(pclose(pipe.release()));
  return result;
}

class Ls : public testing::Test {
 private:
  Directory directory;

 protected:
  std::string const path = directory.path().string();

  Result ls(std::string const& options = "") { return run("ls " + options + " '" + path + "'"); }
  nlohmann::json json() { return nlohmann::json::parse(ls("--json").output); }

  /// A segment of three objects.
  std::vector<Locator> write(Writer& writer) {
    segments::write_session(path, session, std::string("session ") + session + " of a test", false, 0600);
    std::vector<std::string> const keys{key(1), key(2), key(3)};
    std::vector<Writer::Item> items;
    items.push_back({keys[0], Serializer<Array<double>>::encode(Array<double>({4, 5}), heap())});
    items.push_back({keys[1], Serializer<std::string>::encode(std::string(1000, 'x'), heap())});
    items.push_back({keys[2], Serializer<int>::encode(7, heap())});
    writer.append(items);
    return {items[0].at, items[1].at, items[2].at};
  }
  static std::string key(int i) { return session + std::string(".0.") + std::to_string(i) + ".1"; }
};

}  // namespace

TEST_F(Ls, ListsSegmentsWithTypesAndShapes) {
  Writer writer({.directory = path, .session = session});
  write(writer);
  auto const listed = json();
  EXPECT_EQ(listed["kind"], "parallel-file");
  EXPECT_THAT(listed["jobs"][0].get<std::string>(), HasSubstr(session));
  ASSERT_EQ(listed["objects"].size(), 3U);
  auto const& array = listed["objects"][0];
  EXPECT_EQ(array["key"], key(1));
  EXPECT_EQ(array["state"], "ok");
  EXPECT_EQ(array["identifier"], "NP");
  EXPECT_EQ(array["type"], "array of f8");
  EXPECT_EQ(array["shape"], (std::vector<int>{4, 5}));
  EXPECT_EQ(listed["objects"][1]["bytes"], 1003);
  auto const table = ls();
  EXPECT_EQ(table.status, 0);
  EXPECT_THAT(table.output, testing::AllOf(HasSubstr("array of f8 [4x5]"), HasSubstr("text"), HasSubstr("3 objects")));
}

TEST_F(Ls, ShowsWhatIsEvictedAndWhatIsCorrupt) {
  Writer writer({.directory = path, .session = session});
  auto const at = write(writer);
  writer.bury(key(3));
  {
    std::fstream file(path + '/' + segments::FileName{session, 0, 0}.text(),
                      std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(at[1].offset + segments::header_bytes + 500));
    file.put('!');
  }
  auto const listed = json();
  EXPECT_EQ(listed["objects"][0]["state"], "ok");
  EXPECT_EQ(listed["objects"][1]["state"], "corrupt");
  EXPECT_THAT(listed["objects"][1]["problem"].get<std::string>(), HasSubstr("checksum"));
  EXPECT_EQ(listed["objects"][2]["state"], "evicted");
  EXPECT_EQ(ls().status, 1);
  EXPECT_EQ(ls("--fast").status, 0);
}

TEST_F(Ls, ListsFilesAndDatasets) {
  register_connectors();
  for (std::string const kind : {"file", "hdf5"}) {
    auto const kinds = Registry::instance().kinds();
    if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end()) continue;
    std::filesystem::remove_all(path);
    std::filesystem::create_directory(path);
    auto store = Store::open("listed", kind + ":" + path);
    auto const put = store.put(Array<float>({2, 3}));
    auto const listed = json();
    EXPECT_EQ(listed["kind"], kind);
    ASSERT_EQ(listed["objects"].size(), 1U);
    EXPECT_EQ(listed["objects"][0]["key"], put.text());
    EXPECT_EQ(listed["objects"][0]["shape"], (std::vector<int>{2, 3}));
  }
}

TEST_F(Ls, SaysWhatIsNoStore) {
  auto const empty = ls();
  EXPECT_EQ(empty.status, 2);
  EXPECT_THAT(empty.output, testing::AllOf(HasSubstr("proxystore: "), HasSubstr("holds no store")));
  EXPECT_THAT(run("ls /no/such/place").output, HasSubstr("is no directory"));
  EXPECT_EQ(run("ls").status, 2);
  EXPECT_EQ(run("burn").status, 2);
}

TEST(Program, SaysItsVersionAndHowItWasBuilt) {
  auto const said = run("--version");
  EXPECT_EQ(said.status, 0);
  EXPECT_THAT(said.output,
              testing::AllOf(HasSubstr("proxystore " PROXYSTORE_VERSION), HasSubstr("segments"), HasSubstr("commit")));
}

TEST(Program, Teaches) {
  EXPECT_THAT(run("--help").output, testing::AllOf(HasSubstr("ls"), HasSubstr("futures and proxies")));
  EXPECT_THAT(run("ls --help").output,
              testing::AllOf(HasSubstr("corrupt"), HasSubstr("--json"), HasSubstr("proxystore ls /scratch/run7")));
}
