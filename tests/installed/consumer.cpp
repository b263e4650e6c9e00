// Uses an installed proxystore from outside: templates, and exceptions that cross the library's border.
#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <proxystore/connectors/connectors.hpp>
#include <proxystore/proxystore.hpp>

namespace {

struct Particle {
  double x = 0;
  std::string name;

  template <class Archive>
  void serialize(Archive& archive) {
    archive(x, name);
  }
};

void expect(bool condition, char const* what) {
  if (condition) return;
  std::cerr << "failed: " << what << '\n';
  std::exit(1);
}

}  // namespace

int main() {
  using namespace proxystore;
  register_connectors();
  auto store = Store::open("consumer", "local:");

  auto future = store.future<std::vector<Particle>>();
  auto proxy = future.proxy();
  std::thread producer([future] { future.set_result({{1.5, "first"}, {2.5, "second"}}); });
  expect(proxy->at(1).name == "second", "a future set by another thread reaches its proxy");
  producer.join();

  auto broken = store.future<int>();
  broken.set_exception(std::runtime_error("no result"));
  try {
    broken.result();
    expect(false, "a failed future throws");
  } catch (RemoteError const& error) {
    expect(error.failure().message == "no result", "the producer's text arrives");
  }

  try {
    Store::open("other", "telepathy:");
    expect(false, "an unknown kind throws");
  } catch (Error const& error) {
    expect(error.code() == Errc::bad_config, "an unknown kind is a bad config");
  }
  std::cout << "proxystore " PROXYSTORE_VERSION " works from outside\n";
}
