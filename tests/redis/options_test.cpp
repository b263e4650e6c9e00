// Texts, options, and what of them is shown.
#include "support.hpp"

#include <cstdlib>
#include <filesystem>

namespace redis_test {
namespace {

std::unique_ptr<Connector> connect(std::string const& text) {
  return Registry::instance().connect(Config::parse(text));
}

TEST_F(Redis, OpensFromTextOverTcp) {
  Server const server({.tcp = true});
  auto const connector = connect("redis://127.0.0.1:" + std::to_string(server.port()) + "/2?prefix=p%3A");
  Key const key = connector->put(buffer_of("x"));
  EXPECT_EQ(command(server, "EXISTS p:" + key.text()), "0");  // in database 0
  EXPECT_EQ(text_of(connector->get(key)), "x");
}

TEST_F(Redis, OpensFromTextThroughASocket) {
  Server const server;
  auto const connector = connect(server.text());
  Key const key = connector->put(buffer_of("x"));
  EXPECT_EQ(command(server, "GET " + key.text()), "x");
}

TEST_F(Redis, RebuildsItselfFromItsConfigWithAllOptions) {
  Server const server({.tcp = true, .arguments = {"--requirepass", "p@ss/w:rd"}});
  RedisOptions options;
  options.port = server.port();
  options.database = 5;
  options.password = "p@ss/w:rd";
  options.prefix = "a b&c/";
  options.timeout = 3s;
  options.reconnect = 100ms;
  options.expiry = 1h;
  options.remember = 2min;
  options.poll = 40ms;
  options.connections = 3;
  options.part_size = 1 << 20;
  RedisConnector here(options);
  Key const key = here.put(buffer_of("x"));
  auto const there = connect(here.config().to_string());
  EXPECT_EQ(text_of(there->get(key)), "x");
  EXPECT_EQ(there->config(), here.config());
}

TEST_F(Redis, TakesUserAndPasswordFromTheLocation) {
  Server const server({.tcp = true});
  command(server, "ACL SETUSER simulation on >s3c:ret@x ~* &* +@all");
  auto const connector = connect("redis://simulation:s3c:ret@x@127.0.0.1:" + std::to_string(server.port()));
  EXPECT_NO_THROW(connector->put(buffer_of("x")));
}

TEST_F(Redis, FindsAProxysObjectThroughTheConfigThatTravelsWithIt) {
  Server const server;
  std::string bytes;
  {
    auto store = Store::open("travels", server.text());
    bytes = serialize(store.proxy(std::string("object"))).text();
    store.close();
  }
  EXPECT_EQ(deserialize<Proxy<std::string>>(Bytes::copy_of(bytes)), "object");
  Registry::instance().close_arrived();
}

TEST_F(Redis, ShowsAPasswordNowhere) {
  Server const server({.arguments = {"--requirepass", "verysecret"}});
  auto options = server.options();
  options.password = "verysecret";
  auto store = Store::open("secret", std::make_unique<RedisConnector>(options));
  EXPECT_THAT(store.report(), Not(HasSubstr("verysecret")));
  RedisConnector const connector(options);
  EXPECT_THAT(connector.report() + connector.whoami(), Not(HasSubstr("verysecret")));

  options.password = "verysecret2";
  auto const refused = error_of<ConnectorError>([&] { RedisConnector wrong(options); });
  EXPECT_THAT(refused, HasSubstr("refused user and password (WRONGPASS)"));
  EXPECT_THAT(refused, Not(HasSubstr("verysecret")));
  auto const malformed = error_of<ConfigError>([] { connect("redis://me:verysecret@host:many/"); });
  EXPECT_THAT(malformed, Not(HasSubstr("verysecret")));
}

TEST_F(Redis, TakesThePasswordFromTheEnvironmentAndLeavesItThere) {
  Server const server({.arguments = {"--requirepass", "verysecret"}});
  auto options = server.options();
  options.password_env = "PROXYSTORE_TEST_REDIS_PASSWORD";
  EXPECT_THAT(error_of<ConfigError>([&] { RedisConnector none(options); }), HasSubstr(options.password_env));
  ASSERT_EQ(setenv(options.password_env.c_str(), "verysecret", 1), 0);
  RedisConnector const connector(options);
  EXPECT_THAT(connector.config().to_string(), Not(HasSubstr("verysecret")));
  EXPECT_THAT(connector.config().to_string(), HasSubstr(options.password_env));
  unsetenv(options.password_env.c_str());
}

TEST_F(Redis, AsksForThePasswordThatAServerWants) {
  Server const server({.arguments = {"--requirepass", "verysecret"}});
  EXPECT_THAT(error_of<ConnectorError>([&] { connect(server.text()); }), HasSubstr("password_env="));
}

TEST_F(Redis, RefusesOptionsThatMeanNothing) {
  for (auto const* text : {"redis://host:port", "redis://host/database", "redis://host:0", "redis://host:70000", "redis+unix:",
                           "redis:?connections=0", "redis:?part_size=1", "redis:?timeout=0s", "redis:?colour=red"})
    EXPECT_THROW(connect(text), ConfigError) << text;
}

TEST_F(Redis, SaysThatABuildHasNoTls) {
  try {
    connect("rediss://127.0.0.1:1/?timeout=1s");
    FAIL();
  } catch (ConfigError const& error) {
    EXPECT_THAT(error.what(), HasSubstr("no TLS"));
  } catch (ConnectorError const& error) {  // it has
    EXPECT_THAT(error.what(), HasSubstr("127.0.0.1:1"));
  }
}

TEST_F(Redis, SpeaksTlsWhereItsHiredisDoes) {
  try {
    connect("rediss://127.0.0.1:1");
  } catch (ConfigError const& error) {
    GTEST_SKIP() << error.what();
  } catch (ConnectorError const&) {  // nobody is there
  }
  auto folder = testing::TempDir() + "tls.XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  auto const cert = folder + "/cert", key = folder + "/key";
  if (std::system(("openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout " + key + " -out " +
                   cert + " 2>/dev/null").c_str()) != 0)
    GTEST_SKIP() << "this machine has no openssl to make a certificate";
  {
    Server const server({.tcp = true, .arguments = {"--port", "0", "--tls-port", "PORT", "--tls-cert-file", cert,
                                                    "--tls-key-file", key, "--tls-ca-cert-file", cert}});
    auto const text = "rediss://127.0.0.1:" + std::to_string(server.port());
    auto const connector = connect(text + "?ca=" + cert + "&cert=" + cert + "&key=" + key);
    Key const late = connector->deferrable()->new_key({});
    State state = State::pending;
    std::jthread consumer([&] { state = connector->deferrable()->wait(late, patience); });
    until_waited_for(dynamic_cast<RedisConnector&>(*connector), 1);
    connector->deferrable()->set(late, filled(3 << 20));
    consumer.join();
    EXPECT_EQ(state, State::ready);
    EXPECT_EQ(connector->get(late)->size(), std::size_t{3} << 20U);
    EXPECT_THROW(connect(text), ConnectorError);  // a certificate that nobody trusts
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace redis_test
