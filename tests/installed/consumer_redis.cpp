// Uses an installed redis connector from outside, without a server: that it is there, links and says what is missing.
#include <iostream>

#include <proxystore/connectors/redis.hpp>
#include <proxystore/proxystore.hpp>

int main() {
  using namespace proxystore;
  RedisConnector::add_kind(Registry::instance());
  try {
    Store::open("nobody there", "redis+unix:///nowhere/socket");
  } catch (Error const& error) {
    std::cout << error.what() << '\n';
    return error.code() == Errc::connector ? 0 : 1;
  }
  return 1;
}
