// What is special of the connector: discovery, keys, options, sizes.
#include "support.hpp"

namespace endpoint_test {
namespace {

TEST(EndpointConnectorFinds, AnEndpointByItsUuid) {
  Daemon const daemon;
  EndpointConnector connector(daemon.options());
  EXPECT_EQ(connector.endpoint(), daemon.uuid());
  EXPECT_EQ(text_of(connector.get(connector.put(buffer_of("x")))), "x");
}

TEST(EndpointConnectorFinds, TheFirstOfSeveralThatAnswers) {
  auto const home = std::make_shared<Folder>();
  Daemon stopped(home, {}, "a"), running(home, {}, "b");
  EXPECT_EQ(stopped.stop(), 0);
  ASSERT_EQ(run(home->path(), {"configure", "never_started"}).status, 0);
  EndpointConnector connector({.endpoints = {stopped.uuid(), running.uuid()}, .home = home->path()});
  EXPECT_EQ(connector.endpoint(), running.uuid());
}

TEST(EndpointConnectorFinds, NothingAndSaysWhy) {
  Folder const home;
  auto const uuid = make_uuid_key().text();
  EXPECT_THAT(error_of<ConnectorError>([&] { EndpointConnector none({.endpoints = {uuid}, .home = home.path()}); }),
              testing::AllOf(HasSubstr("looked in " + home.path()), HasSubstr("none of them has a configuration")));
  Daemon daemon;
  daemon.kill();
  EXPECT_THAT(error_of<ConnectorError>([&] { EndpointConnector none(daemon.options()); }),
              testing::AllOf(HasSubstr("'here'"), HasSubstr("refused"), HasSubstr("proxystore-endpoint start")));
  EXPECT_THAT(error_of<ConnectorError>([&] { EndpointConnector none(daemon.address()); }), HasSubstr("refused"));
}

TEST(EndpointConnectorFinds, NotAnotherEndpointAtTheSameAddress) {
  Daemon const daemon;
  auto const other = make_uuid_key().text();
  auto const path = daemon.home() + "/other";
  std::filesystem::create_directory(path);
  std::ofstream(path + "/config.toml") << "name = 'other'\nuuid = '" << other
                                       << "'\nhost = '127.0.0.1'\nport = " << daemon.port() << "\n";
  EXPECT_THAT(error_of<ConnectorError>([&] { EndpointConnector none({.endpoints = {other}, .home = daemon.home()}); }),
              HasSubstr("there is another endpoint, " + daemon.uuid()));
}

TEST(EndpointConnectorFinds, ItsEndpointAgainWhereItStartedAnew) {
  auto daemon = std::make_unique<Daemon>();
  EndpointConnector connector(daemon->options());
  daemon->stop();
  auto const file = daemon->folder() + "/config.toml";
  std::ifstream in(file);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  Daemon const elsewhere;  // whose port is free once it has stopped
  auto const old_port = std::to_string(daemon->port());
  auto const other = run(elsewhere.home(), {"configure", "chooses"}).output;
  std::ifstream chosen(elsewhere.home() + "/chooses/config.toml");
  std::string port;
  for (std::string line; std::getline(chosen, line);)
    if (line.starts_with("port = ")) port = line.substr(7);
  ASSERT_FALSE(port.empty()) << other;
  text.replace(text.find(old_port), old_port.size(), port);
  std::ofstream(file) << text;
  daemon->start();
  EXPECT_EQ(text_of(connector.get(connector.put(buffer_of("there")))), "there");
  EXPECT_THAT(connector.report(), HasSubstr(":" + port));
}

TEST(EndpointConnectorKeys, NameTheirEndpoint) {
  Daemon const daemon;
  EndpointConnector connector(daemon.address());
  auto const key = EndpointKey::of(connector.new_key({}));
  EXPECT_EQ(key.endpoint_id, daemon.uuid());
  EXPECT_EQ(key.object_id.size(), 36U);
  EXPECT_EQ(EndpointKey::of(key.key()), key);
  EXPECT_EQ(EndpointKey::of(Key("plain")), (EndpointKey{"plain", ""}));
}

TEST(EndpointConnectorKeys, MayHaveAnyCharacters) {
  Daemon const daemon;
  EndpointConnector connector(daemon.address());
  for (auto const& id : {"a b&c=d?e#f%g/ä+\n"s, "x@y"s, std::string(1000, 'k')}) {
    auto const key = EndpointKey{id, daemon.uuid()}.key();
    connector.set(key, buffer_of("object of " + id));
    EXPECT_EQ(text_of(connector.get(key)), "object of " + id);
  }
  EXPECT_THAT(error_of<ConnectorError>([&] { (void)connector.get(Key(std::string(2000, 'k'))); }),
              HasSubstr("longer than 1024"));
  EXPECT_THAT(error_of<ConnectorError>([&] { (void)connector.get(Key("object@nowhere")); }),
              HasSubstr("nowhere is not a valid UUID4"));
}

TEST(EndpointConnectorOptions, GoThroughText) {
  Daemon const daemon;
  register_connectors();
  for (auto const& text : {daemon.text() + "&timeout=3s&reconnect=1s&poll=20ms&connections=2",
                           "endpoint://127.0.0.1:" + std::to_string(daemon.port())}) {
    auto const connector = Registry::instance().connect(Config::parse(text));
    auto const again = Registry::instance().connect(connector->config());
    EXPECT_EQ(again->config(), connector->config());
    EXPECT_EQ(text_of(again->get(connector->put(buffer_of("x")))), "x");
  }
}

TEST(EndpointConnectorOptions, AreChecked) {
  register_connectors();
  for (auto const* text :
       {"endpoint:", "endpoint:not-a-uuid", "endpoint://", "endpoint://host", "endpoint://:80", "endpoint://host:port",
        "endpoint://host:0", "endpoint://host:65536", "endpoint://host:80?connections=0",
        "endpoint://host:80?timeout=0s", "endpoint://host:80?when=now"})
    EXPECT_THROW((void)Registry::instance().connect(Config::parse(text)), ConfigError) << text;
}

TEST(EndpointConnectorSizes, AreWhatTheEndpointAllows) {
  Daemon const daemon({"--max-object-size", "100000"});
  EndpointConnector connector(daemon.options());
  EXPECT_NO_THROW(connector.put(filled(100'000, 1)));
  EXPECT_THAT(error_of<StoreFull>([&] { connector.put(filled(100'001, 1)); }), HasSubstr("100000 bytes"));
  EXPECT_THAT(error_of<StoreFull>([&] { connector.put(filled(30'000'000, 1)); }), HasSubstr("max_object_size"));
  auto const key = connector.new_key({});
  EXPECT_THROW(connector.set(key, filled(100'001, 1)), StoreFull);
  EXPECT_NO_THROW(connector.set(key, filled(1000, 1)));
}

TEST(EndpointConnectorSizes, DoNotMakeTheEndpointHoldObjectsTwice) {
#ifdef PROXYSTORE_SANITIZED
  GTEST_SKIP() << "sanitizers keep memory of their own";
#endif
  constexpr std::size_t size = 256U << 20U;
  Daemon const daemon({"--max-object-size", "1GiB"});
  EndpointConnector connector(daemon.options());
  auto const peak = [&] {
    std::ifstream in("/proc/" + std::to_string(daemon.process()) + "/status");
    for (std::string word; in >> word;)
      if (word == "VmHWM:") {
        in >> word;
        return std::stoul(word) * 1024;
      }
    return 0UL;
  };
  auto const before = peak();
  auto const key = connector.put(filled(size, 2));
  auto const object = connector.get(key);
  ASSERT_TRUE(object && is_filled(object->span(), 2));
  EXPECT_GT(peak() - before, size / 2);
  EXPECT_LT(peak() - before, size + size / 8);
}

}  // namespace
}  // namespace endpoint_test
