// A connector of your own, opened by text as any other. tests/connectors holds it to the contract.
#include "11_own_connector.hpp"

#include <proxystore/proxystore.hpp>

#include <string>
#include <thread>

using namespace proxystore;

int main() {
  ShelfConnector::add_kind(Registry::instance());  // nothing registers itself
  auto store = Store::open("mine", "shelf:top");

  auto const future = store.future<std::string>();
  std::string seen;
  std::thread consumer([&, proxy = future.proxy()] { seen = *proxy; });
  future.set_result("on the shelf");
  consumer.join();

  // Another store over the same shelf, rebuilt from its text, as where a proxy arrives.
  auto other = Store::open("other", store.config().to_string());
  return seen == "on the shelf" && other.get<std::string>(future.key()) == seen ? 0 : 1;
}
