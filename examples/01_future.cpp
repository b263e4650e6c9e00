// A future, and a proxy of the object that it promises. The proxy can be handed on before there is an object.
#include <proxystore/connectors/connectors.hpp>
#include <proxystore/proxystore.hpp>

#include <string>

using namespace proxystore;

int main() {
  register_connectors();
  auto store = Store::open("proxy-future-example", "local:");

  Future<std::string> future = store.future<std::string>();
  Proxy<std::string> proxy = future.proxy();

  future.set_result("value");
  return future.result() == "value" && proxy == "value" ? 0 : 1;
}
