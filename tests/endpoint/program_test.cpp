// proxystore-endpoint by hand: configure, start, stop, list, remove, test.
#include "support.hpp"

#include <csignal>

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace endpoint_test {
namespace {

using testing::AllOf;
using testing::ContainsRegex;

std::string read(std::string const& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string state_of(std::string const& home, std::string const& name) {
  auto const list = run(home, {"list"}).output;
  auto const at = list.find("\n" + name + " ");
  if (at == list.npos) return "not listed";
  auto const line = list.substr(at + 1, list.find('\n', at + 1) - at - 1);
  auto const word = line.find_first_not_of(' ', name.size());
  return line.substr(word, line.find(' ', word) - word);
}

class EndpointProgram : public testing::Test {
 protected:
  ~EndpointProgram() override { run(home_.path(), {"stop", "here"}); }
  Ran call(std::vector<std::string> const& words) const { return run(home_.path(), words); }
  std::string folder() const { return home_.path() + "/here"; }
  pid_t process() const { return static_cast<pid_t>(std::stoi(read(folder() + "/daemon.pid"))); }
  /// Configures until a port is free when it starts.
  void start(std::vector<std::string> configure = {}) const {
    configure.insert(configure.begin(), {"configure", "here"});
    for (int tries = 0; tries < 20; ++tries) {
      ASSERT_EQ(call(configure).status, 0);
      if (call({"start", "here"}).status == 0) return;
      ASSERT_EQ(call({"remove", "here"}).status, 0);
    }
    FAIL() << "no endpoint starts";
  }
  Folder home_;
};

TEST_F(EndpointProgram, Teaches) {
  auto const help = call({"--help"});
  EXPECT_EQ(help.status, 0);
  for (auto const* word :
       {"configure", "start", "stop", "list", "remove", "test", "EndpointConnector", "PROXYSTORE_HOME"})
    EXPECT_THAT(help.output, HasSubstr(word));
  EXPECT_THAT(call({"configure", "--help"}).output, AllOf(HasSubstr("--persist"), HasSubstr("not authenticated")));
  EXPECT_NE(call({}).status, 0);
  EXPECT_NE(call({"fly", "here"}).status, 0);
  EXPECT_THAT(call({"--version"}).output, StartsWith("proxystore-endpoint "));
}

TEST_F(EndpointProgram, GoesThroughTheLifeOfAnEndpoint) {
  EXPECT_THAT(call({"list"}).output, HasSubstr("No valid endpoint configurations"));
  start();
  EXPECT_EQ(state_of(home_.path(), "here"), "RUNNING");
  EXPECT_THAT(call({"start", "here"}), testing::Field(&Ran::output, HasSubstr("runs already")));
  EXPECT_THAT(call({"remove", "here"}),
              AllOf(testing::Field(&Ran::status, 1), testing::Field(&Ran::output, HasSubstr("must be stopped"))));
  EXPECT_THAT(read(folder() + "/log.txt"), HasSubstr("serves on 127.0.0.1:"));
  EXPECT_THAT(call({"stop", "here"}),
              AllOf(testing::Field(&Ran::status, 0), testing::Field(&Ran::output, HasSubstr("has been stopped"))));
  EXPECT_EQ(state_of(home_.path(), "here"), "STOPPED");
  EXPECT_THAT(call({"stop", "here"}),
              AllOf(testing::Field(&Ran::status, 0), testing::Field(&Ran::output, HasSubstr("is not running"))));
  EXPECT_EQ(call({"remove", "here"}).status, 0);
  EXPECT_FALSE(std::filesystem::exists(folder()));
}

TEST_F(EndpointProgram, PutsAndGetsByHand) {
  start();
  auto const put = call({"test", "here", "put", "hello"}).output;
  auto const key = put.substr(put.rfind(' ') + 1, 36);
  EXPECT_THAT(call({"test", "here", "exists", key}).output, HasSubstr("Object exists: True"));
  EXPECT_THAT(call({"test", "here", "get", key}).output, HasSubstr("Result: hello"));
  EXPECT_EQ(call({"test", "here", "evict", key}).status, 0);
  EXPECT_THAT(call({"test", "here", "exists", key}).output, HasSubstr("Object exists: False"));
  EXPECT_THAT(call({"test", "here", "get", key}).output, HasSubstr("does not exist"));
  EXPECT_EQ(call({"stop", "here"}).status, 0);
  EXPECT_THAT(call({"test", "here", "get", key}),
              AllOf(testing::Field(&Ran::status, 1), testing::Field(&Ran::output, HasSubstr("is not running"))));
}

TEST_F(EndpointProgram, TellsAProcessThatDiedFromOneThatRuns) {
  start();
  ASSERT_EQ(kill(process(), SIGKILL), 0);
  while (state_of(home_.path(), "here") == "RUNNING") std::this_thread::yield();
  EXPECT_EQ(state_of(home_.path(), "here"), "HANGING");
  EXPECT_EQ(call({"start", "here"}).status, 0);  // takes its place
  EXPECT_EQ(state_of(home_.path(), "here"), "RUNNING");
}

TEST_F(EndpointProgram, TellsAProcessThatHangsFromOneThatRuns) {
  start();
  auto const hung = process();
  ASSERT_EQ(kill(hung, SIGSTOP), 0);
  while (state_of(home_.path(), "here") == "RUNNING") std::this_thread::yield();  // it stops when the signal is there
  EXPECT_EQ(state_of(home_.path(), "here"), "HANGING");
  EXPECT_THAT(call({"start", "here"}),
              AllOf(testing::Field(&Ran::status, 1), testing::Field(&Ran::output, HasSubstr("does not answer"))));
  ASSERT_EQ(kill(hung, SIGCONT), 0);
  EXPECT_EQ(state_of(home_.path(), "here"), "RUNNING");
}

TEST_F(EndpointProgram, KillsNoOtherProcessThatHasItsNumber) {
  ASSERT_EQ(call({"configure", "here"}).status, 0);
  pid_t const other = fork();
  if (other == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) pause();
  }
  std::ofstream(folder() + "/daemon.pid") << other << "\n";
  EXPECT_EQ(state_of(home_.path(), "here"), "HANGING");
  EXPECT_EQ(call({"stop", "here"}).status, 0);
  EXPECT_EQ(kill(other, 0), 0);
  EXPECT_EQ(state_of(home_.path(), "here"), "STOPPED");
  kill(other, SIGKILL);
  waitpid(other, nullptr, 0);
}

TEST_F(EndpointProgram, SaysWhatIsWrong) {
  EXPECT_THAT(call({"start", "here"}).output, HasSubstr("there is no endpoint 'here'"));
  EXPECT_THAT(call({"stop", "here"}).output, HasSubstr("there is no endpoint 'here'"));
  EXPECT_THAT(call({"remove", "../here"}).output, HasSubstr("there is no endpoint"));
  EXPECT_THAT(call({"configure", "no/name"}).output, HasSubstr("letters, digits"));
  EXPECT_NE(call({"configure", "here", "--port", "0"}).status, 0);
  EXPECT_NE(call({"configure", "here", "--max-object-size", "much"}).status, 0);
  ASSERT_EQ(call({"configure", "here"}).status, 0);
  EXPECT_THAT(call({"configure", "here"}).output, HasSubstr("exists already"));
  EXPECT_THAT(call({"test", "here", "get", "key"}).output, HasSubstr("is not running"));
  std::ofstream(folder() + "/config.toml") << "name = 'here'\nuuid = 7\nport = 1\n";
  EXPECT_THAT(call({"start", "here"}),
              AllOf(testing::Field(&Ran::status, 1), testing::Field(&Ran::output, HasSubstr("'uuid' is no text"))));
  std::ofstream(folder() + "/config.toml") << "name = = \n";
  EXPECT_THAT(call({"start", "here"}).output, HasSubstr("line 1"));
  EXPECT_EQ(state_of(home_.path(), "here"), "not listed");
}

TEST_F(EndpointProgram, SaysThatItsPortIsTaken) {
  Daemon const other;
  ASSERT_EQ(call({"configure", "here", "--port", std::to_string(other.port())}).status, 0);
  auto const ran = call({"start", "here"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.output, AllOf(HasSubstr("cannot listen"), HasSubstr("in use")));
  EXPECT_EQ(state_of(home_.path(), "here"), "STOPPED");
}

// As Python ProxyStore's strict reader wants it (endpoint/config.py): integers, text and tables of these names.
TEST_F(EndpointProgram, WritesAConfigurationForPython) {
  start({"--persist", "--max-object-size", "64MB", "--host", "127.0.0.1"});
  auto const text = read(folder() + "/config.toml");
  for (auto const* line : {"\nport = [0-9]+\n", "host = ['\"]127.0.0.1['\"]\n", "host_type = ['\"]static['\"]\n",
                           "\\[relay\\]\n", "peer_channels = 1\n", "verify_certificate = true\n", "\\[storage\\]\n",
                           "max_object_size = 64000000\n", "database_path = ['\"].*/here/blobs.db['\"]\n",
                           "uuid = ['\"][0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}['\"]\n"})
    EXPECT_THAT(text, ContainsRegex(line));
}

// What tomli-w writes for Python ProxyStore 1.0's `proxystore-endpoint configure here --no-relay-server --persist`.
TEST_F(EndpointProgram, ReadsAConfigurationOfPython) {
  start();
  ASSERT_EQ(call({"stop", "here"}).status, 0);
  auto const ours = read(folder() + "/config.toml");
  auto const value = [&](std::string const& name) {
    auto const at = ours.find(name + " = ") + name.size() + 3;
    auto text = ours.substr(at, ours.find('\n', at) - at);
    std::erase_if(text, [](char c) { return c == '"' || c == '\''; });
    return text;
  };
  std::ofstream(folder() + "/config.toml")
      << "name = \"here\"\nuuid = \"" << value("uuid") << "\"\nport = " << value("port")
      << "\nhost_type = \"static\"\nhost = \"127.0.0.1\"\n\n[relay]\npeer_channels = 1\nverify_certificate = true\n\n"
         "[relay.auth]\n\n[relay.auth.kwargs]\n\n[storage]\ndatabase_path = \""
      << folder() << "/blobs.db\"\nmax_object_size = 100000000\n";
  EXPECT_EQ(call({"start", "here"}).status, 0);
  EXPECT_TRUE(std::filesystem::exists(folder() + "/blobs.db"));
  EXPECT_EQ(state_of(home_.path(), "here"), "RUNNING");
}

}  // namespace
}  // namespace endpoint_test
