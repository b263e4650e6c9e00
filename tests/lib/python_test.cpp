// References to and from Python ProxyStore. What Python pickled lies in tests/fuzz/corpus/python;
// tests/python/record.py made it. That Python reads what is written here is tested in tests/python.
#include <fstream>
#include <iterator>

#include <proxystore/python.hpp>

#include "support.hpp"

namespace {

using namespace support;
using detail::Kind;
using detail::PythonKind;
using detail::Reference;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr auto uuid = "6a9c4a1b-2f0e-4c3d-9b7a-0123456789ab", site = "938362c5-256a-407c-9220-a925d7eac241";

Bytes recorded(std::string const& name) {
  std::ifstream file(std::string(PROXYSTORE_RECORDED) + "/python/" + name, std::ios::binary);
  EXPECT_TRUE(file) << name;
  return bytes_of(std::string(std::istreambuf_iterator<char>(file), {}));
}
Reference proxy_of(std::string const& name) { return detail::read_python(recorded(name), PythonKind::proxy); }
Reference future_of(std::string const& name) { return detail::read_python(recorded(name), PythonKind::future); }

Reference reference(std::string const& connector, std::string const& key, Kind kind = Kind::object) {
  Reference out;
  out.store = std::make_shared<detail::StoreInfo const>(detail::StoreInfo{"mine", connector});
  out.key = Key(key);
  out.kind = kind;
  return out;
}
Proxy<std::string> proxy_on(std::string const& connector, std::string const& key = uuid) {
  return deserialize<Proxy<std::string>>(serialize(reference(connector, key)));
}
std::string refusal(std::string const& connector) {
  return text_of<ConfigError>([&] { (void)to_python(proxy_on(connector)); });
}

/// Says that it is another.
class Described final : public ForwardingConnector {
 public:
  explicit Described(Config config)
      : ForwardingConnector(std::make_unique<LocalConnector>()), config_(std::move(config)) {}
  Config config() const override { return config_; }

 private:
  Config const config_;
};

TEST(PythonTest, ReadsAProxyOfPython) {
  auto const read = proxy_of("redis_proxy");
  EXPECT_EQ(read.store->name, "recorded");
  EXPECT_EQ(read.store->connector, "redis://localhost:6379/0");
  EXPECT_EQ(read.key, Key(uuid));
  EXPECT_EQ(read.kind, Kind::object);
  EXPECT_TRUE(read.evict_on_resolve);
}

TEST(PythonTest, ReadsAProxyThatWasResolved) {
  EXPECT_EQ(proxy_of("redis_resolved").key, Key(uuid));
  EXPECT_FALSE(proxy_of("redis_resolved").evict_on_resolve);
}

TEST(PythonTest, ReadsAConnectorByItsShortName) {
  EXPECT_EQ(proxy_of("redis_short").store->connector, "redis://[::1]:1/0");
}

TEST(PythonTest, ReadsAFutureOfPythonAndItsProxy) {
  EXPECT_EQ(future_of("redis_future").kind, Kind::deferred);
  auto const file = future_of("file_future");
  EXPECT_EQ(file.store->connector, "file:///scratch/run7");
  EXPECT_TRUE(file.evict_on_resolve);
  EXPECT_EQ(file.kind, Kind::deferred);
  EXPECT_EQ(proxy_of("file_future_proxy").kind, Kind::deferred);
}

TEST(PythonTest, ReadsAKeyOfAnEndpoint) {
  auto const read = proxy_of("endpoint_proxy");
  EXPECT_EQ(read.store->connector, "endpoint:" + std::string(site));
  EXPECT_EQ(read.key, Key(std::string(uuid) + '@' + site));
}

TEST(PythonTest, TakesTheStoreThatIsOpenUnderThatName) {
  auto const open =
      Store::open("recorded", std::make_unique<Described>(Config::parse("redis://other:1/0?prefix=6a9c")));
  auto const read = proxy_of("redis_proxy");
  EXPECT_EQ(read.store->connector, "redis://other:1/0?prefix=6a9c");
  EXPECT_EQ(read.key, Key("4a1b-2f0e-4c3d-9b7a-0123456789ab"));
  EXPECT_THAT(text_of<UnknownStore>([] { (void)future_of("file_future"); }), HasSubstr("different names"));
}

TEST(PythonTest, RefusesWhatIsNoProxyOrFuture) {
  auto const refused = [](char const* name) { return text_of<CorruptObject>([&] { (void)proxy_of(name); }); };
  EXPECT_THAT(refused("redis_future"), HasSubstr("proxystore.store.future.Future, not a Proxy"));
  EXPECT_THAT(refused("dict"), HasSubstr("a dict, not a Proxy"));
  EXPECT_THAT(refused("lambda_like"), HasSubstr("builtins.print, not a factory"));
  EXPECT_THAT(refused("deserializer"), HasSubstr("a deserializer of its own, builtins.bytes"));
  EXPECT_THAT(refused("wrong_key"), HasSubstr("proxystore.connectors.file.FileKey"));
  EXPECT_THAT(text_of<CorruptObject>([] { (void)future_of("serializer"); }), HasSubstr("a serializer of its own"));
  EXPECT_THAT(text_of<UnknownStore>([] { (void)proxy_of("local_proxy"); }), HasSubstr("LocalConnector"));
}

TEST(PythonTest, RefusesDamageAsCorrupt) {
  for (auto const* name : {"redis_proxy", "redis_resolved", "endpoint_proxy"}) {
    std::string const text(recorded(name).text());
    for (std::size_t size = 0; size < text.size(); ++size)
      EXPECT_THROW((void)detail::read_python(bytes_of(text.substr(0, size)), PythonKind::proxy), CorruptObject);
    for (std::size_t at = 0; at < text.size(); ++at)
      for (int const change : {0x01, 0x80, 0xff}) {
        auto changed = text;
        changed[at] = static_cast<char>(changed[at] ^ change);
        try {
          (void)detail::read_python(bytes_of(changed), PythonKind::proxy);
        } catch (CorruptObject const&) {
        } catch (UnknownStore const&) {
        }
      }
  }
}

TEST(PythonTest, ReadsWhatItWrites) {
  for (std::string const connector : {"redis://localhost:6379/0", "redis://[::1]:6379/0", "file:///scratch/run%207"}) {
    auto const proxy = proxy_on(connector);
    auto const read = detail::read_python(to_python(proxy), PythonKind::proxy);
    EXPECT_EQ(read.store->connector, connector);
    EXPECT_EQ(read.key, proxy.key());
    EXPECT_EQ(from_python<Proxy<std::string>>(to_python(proxy)).key(), proxy.key());
  }
  auto const endpoint = "endpoint:" + std::string(site) + "," + uuid + "?home=/home/x";
  auto const key = std::string(uuid) + '@' + site;
  auto const there = detail::read_python(to_python(proxy_on(endpoint, key)), PythonKind::proxy);
  EXPECT_EQ(there.store->connector, endpoint);
  EXPECT_EQ(there.key, Key(key));

  auto const future = deserialize<Future<std::string>>(serialize(reference("file:///x", uuid, Kind::deferred)));
  EXPECT_EQ(from_python<Future<std::string>>(to_python(future)).key(), future.key());
  EXPECT_EQ(detail::read_python(to_python(future), PythonKind::future).kind, Kind::deferred);
}

TEST(PythonTest, NamesTheSiteOfAnEndpointThatIsKnownByAddress) {
  auto const read =
      detail::read_python(to_python(proxy_on("endpoint://host:1", std::string(uuid) + '@' + site)), PythonKind::proxy);
  EXPECT_EQ(read.store->connector, "endpoint:" + std::string(site));
}

TEST(PythonTest, PutsThePrefixBeforeTheKey) {
  auto const read = detail::read_python(to_python(proxy_on("redis://h:1/0?prefix=job7/")), PythonKind::proxy);
  EXPECT_EQ(read.key, Key("job7/" + std::string(uuid)));
}

TEST(PythonTest, RefusesConnectorsThatPythonHasNot) {
  EXPECT_THAT(refusal("local:"), HasSubstr("connector local cannot go to Python"));
  EXPECT_THAT(refusal("rma:?session=1"), HasSubstr("connector rma"));
  EXPECT_THAT(refusal("hdf5:/x"), HasSubstr("connector hdf5"));
  EXPECT_THAT(refusal("redis://h:1/2"), HasSubstr("database 2"));
  EXPECT_THAT(refusal("redis://h:1/0?password=secret"), AllOf(HasSubstr("option password"), Not(HasSubstr("secret"))));
  EXPECT_THAT(refusal("rediss://h:1/0"), HasSubstr("connector rediss"));
  EXPECT_THAT(refusal("redis+unix:///x"), HasSubstr("redis://host:port/0"));
  EXPECT_THROW((void)to_python(Proxy<std::string>()), InvalidArgument);
}

}  // namespace
