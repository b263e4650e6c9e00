// Proxies and futures handed to Python ProxyStore and back, over each medium that both sides have. Skipped where no
// Python here can import proxystore.
#include <chrono>
#include <complex>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <proxystore/connectors/connectors.hpp>
#include <proxystore/proxystore.hpp>
#include <proxystore/python.hpp>
#ifdef PROXYSTORE_HAVE_ENDPOINT
#include "../endpoint/daemon.hpp"
#endif
#ifdef PROXYSTORE_HAVE_REDIS
#include "../redis/server.hpp"
#endif

#include "../connectors/folder.hpp"
#include "process.hpp"

namespace python_test {
namespace {

using namespace proxystore;
using namespace std::chrono_literals;
using pickle::Dict;
using pickle::List;
using pickle::NdArray;
using pickle::Tuple;
using pickle::Value;
using testing::ElementsAre;

constexpr auto patience = 50s;

/// Where both sides meet, as each of them says it.
struct Place {
  std::string here, python;
  std::shared_ptr<void> owner;
};
struct Medium {
  std::string name;
  std::function<Place()> open;
};

Place files() {
  auto scratch = std::make_shared<file_test::Scratch>();
  auto const directory = (*scratch / "objects").string();
  return {"file://" + directory, "file:" + directory, scratch};
}

#ifdef PROXYSTORE_HAVE_REDIS
Place redis() {
  if (redis_test::Server::program().empty()) return {};
  auto server = std::make_shared<redis_test::Server>(redis_test::ServerOptions{.tcp = true});
  auto const port = std::to_string(server->port());
  return {"redis://127.0.0.1:" + port + "/0", "redis:" + port, server};
}
#endif

#ifdef PROXYSTORE_HAVE_ENDPOINT
Place endpoint() {
  auto daemon = std::make_shared<endpoint_test::Daemon>();
  return {daemon->text(), "endpoint:" + daemon->uuid() + ':' + daemon->home(), daemon};
}
#endif

std::string hex(Bytes const& bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (auto const byte : bytes.span())
    text += {digits[std::to_integer<int>(byte) >> 4], digits[std::to_integer<int>(byte) & 15]};
  return text;
}

Bytes unhex(std::string const& text) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    bytes += static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16));
  return Bytes::copy_of(bytes);
}

class WithPython : public testing::TestWithParam<Medium> {
 protected:
  void SetUp() override {
    static bool const found = Python::has("proxystore.store, proxystore.connectors.redis, numpy");
    if (!found) GTEST_SKIP() << "no python3 here has ProxyStore; PROXYSTORE_PYTHON may name one";
    place_ = GetParam().open();
    if (place_.here.empty()) GTEST_SKIP() << "no server here for " << GetParam().name;
    register_connectors();
  }
  void TearDown() override { Registry::instance().close_arrived(); }

  Store open() const { return Store::open("shared", place_.here); }
  std::string partner(std::string const& action, std::string const& rest = {}) const {
    return PROXYSTORE_PARTNER " " + action + " " + rest;
  }
  /// What Python makes on this medium, pickled.
  Bytes made(std::string const& action, std::string const& expression = {}) const {
    return unhex(Python(partner(action, place_.python + " " + expression)).line());
  }
  std::string read_by_python(Bytes const& pickle) const { return Python(partner("read", hex(pickle))).line(); }

 private:
  Place place_;
};

Array<double> halves() {
  Array<double> array{3};
  for (std::size_t i = 0; i < 3; ++i) array[i] = 0.5 * static_cast<double>(i);
  return array;
}

void until_waiting(Store& store) {
  while (store.report().find(" has waited ") == std::string::npos) std::this_thread::yield();
}

TEST_P(WithPython, ResolvesProxiesMadeHere) {
  auto store = open();
  EXPECT_EQ(read_by_python(to_python(store.proxy(std::string("text")))), "'text'");
  EXPECT_EQ(read_by_python(to_python(store.proxy(std::vector<std::byte>{std::byte{7}}))), "b'\\x07'");
  EXPECT_EQ(read_by_python(to_python(store.proxy(halves()))), "array([0. , 0.5, 1. ])");
  Value const value = Dict{{"a", List{1, -2.5, Value(), true}}, {3, Tuple{"x", INT64_MIN}}, {"grid", halves()}};
  EXPECT_EQ(read_by_python(to_python(store.proxy(value))),
            "{'a': [1, -2.5, None, True], 3: ('x', -9223372036854775808), 'grid': array([0. , 0.5, 1. ])}");
}

TEST_P(WithPython, ReadsEveryKindOfArrayMadeHere) {
  auto store = open();
  Array<bool> flags{2};
  flags[0] = true, flags[1] = false;
  Array<std::complex<float>> waves{1, 1};
  waves[0] = {1, -2};
  EXPECT_EQ(read_by_python(to_python(store.proxy(Value(List{Array<std::int32_t>{0, 3}, flags, waves})))),
            "[array([], shape=(0, 3), dtype=int32), array([ True, False]), array([[1.-2.j]], dtype=complex64)]");
}

TEST_P(WithPython, MakesProxiesThatResolveHere) {
  EXPECT_EQ(from_python<Proxy<std::string>>(made("proxy", "\"'text'\"")), "text");
  auto const value = from_python<Proxy<Value>>(made("proxy", "\"{'a': [1, None, (2.5,)], 'n': numpy.ones((2, 3))}\""));
  EXPECT_EQ((*value)["a"], Value(List{1, Value(), Tuple{2.5}}));
  EXPECT_EQ((*value)["n"].get<NdArray>().as<double>().shape(), (Shape{2, 3}));
  EXPECT_THAT(from_python<Proxy<Array<double>>>(made("proxy", "'numpy.arange(3.)' lazy")).extract(),
              ElementsAre(0, 1, 2));
}

TEST_P(WithPython, ResolvesInTheStoreThatIsOpen) {
  auto store = open();
  auto const proxy = from_python<Proxy<std::string>>(made("proxy", "\"'here'\""));
  EXPECT_EQ(proxy, "here");
  EXPECT_TRUE(store.exists(proxy.key()));
}

TEST_P(WithPython, HasABlockedProxyWokenByAFutureSetHere) {
  auto store = open();
  auto const future = store.future<Value>();
  Python python(partner("blocked", hex(to_python(future.proxy(), {.polling_interval = 5ms}))));
  ASSERT_EQ(python.line(), "waiting");
  future.set_result(Dict{{"step", 1}, {"field", halves()}});
  EXPECT_EQ(python.line(), "{'step': 1, 'field': array([0. , 0.5, 1. ])}");
}

TEST_P(WithPython, WakesABlockedConsumerHereWithAFutureOfOurs) {
  auto store = open();
  auto const future = store.future<Array<double>>();
  std::vector<double> seen;
  std::jthread consumer([&, proxy = future.proxy()] {
    auto const& array = proxy.resolve(patience);
    seen.assign(array.begin(), array.end());
  });
  until_waiting(store);
  EXPECT_EQ(Python(partner("set", hex(to_python(future)) + " 'numpy.arange(3.)'")).wait(), 0);
  consumer.join();
  EXPECT_THAT(seen, ElementsAre(0, 1, 2));
}

TEST_P(WithPython, WaitsForAFutureOfItsOwnThatIsSetHere) {
  auto const pickle = made("promise");
  Python python(partner("blocked", hex(pickle)));
  ASSERT_EQ(python.line(), "waiting");
  from_python<Future<std::string>>(pickle).set_result("set here");
  EXPECT_EQ(python.line(), "'set here'");
}

TEST_P(WithPython, WakesABlockedConsumerHereWithAFutureOfItsOwn) {
  auto store = open();
  auto const pickle = made("promise");
  Value seen;
  std::jthread consumer([&, proxy = from_python<Future<Value>>(pickle).proxy()] { seen = proxy.resolve(patience); });
  until_waiting(store);
  EXPECT_EQ(Python(partner("set", hex(pickle) + " \"('done', 3)\"")).wait(), 0);
  consumer.join();
  EXPECT_EQ(seen, Value(Tuple{"done", 3}));
}

TEST_P(WithPython, TakesAnObjectAwayWhereAProxySaysSo) {
  auto store = open();
  auto const proxy = store.proxy(std::string("once"), {.evict_on_resolve = true, .populate = false});
  EXPECT_EQ(read_by_python(to_python(proxy)), "'once'");
  EXPECT_FALSE(store.exists(proxy.key()));
}

auto const media = testing::Values(
#ifdef PROXYSTORE_HAVE_ENDPOINT
    Medium{"endpoint", endpoint},
#endif
#ifdef PROXYSTORE_HAVE_REDIS
    Medium{"redis", redis},
#endif
    Medium{"file", files});
std::string name_of(testing::TestParamInfo<Medium> const& medium) { return medium.param.name; }
INSTANTIATE_TEST_SUITE_P(Python, WithPython, media, name_of);

}  // namespace
}  // namespace python_test
