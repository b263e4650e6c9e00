// Uses an installed endpoint connector from outside, without an endpoint: that it is there, links and says what is missing.
#include <iostream>

#include <proxystore/connectors/endpoint.hpp>
#include <proxystore/proxystore.hpp>

int main() {
  using namespace proxystore;
  EndpointConnector::add_kind(Registry::instance());
  try {
    Store::open("nobody there", "endpoint:938362c5-256a-407c-9220-a925d7eac241?home=/nowhere");
  } catch (Error const& error) {
    std::cout << error.what() << '\n';
    return error.code() == Errc::connector ? 0 : 1;
  }
  return 1;
}
