// What a consumer sees when the object does not come: an error that says why, never a hang.
#include <proxystore/connectors/connectors.hpp>
#include <proxystore/proxystore.hpp>

#include <chrono>
#include <iostream>
#include <stdexcept>
#include <thread>

using namespace proxystore;
using namespace std::chrono_literals;

int wrong = 0;

template <class E, class Use>
void expect(Use use) {
  try {
    use();
    ++wrong;
  } catch (E const& error) {
    std::cout << name_of(error.code()) << ": " << error.what() << '\n';
  }
}

int main() {
  register_connectors();
  auto store = Store::open("lesson", "local:");

  // Every wait takes a deadline. The future stays as it was and can be waited for again.
  auto late = store.future<int>();
  expect<Timeout>([&] { late.proxy().resolve(10ms); });
  late.set_result(1);
  if (late.proxy() != 1) ++wrong;

  // It is set once. A second result is refused, and the first stays.
  expect<AlreadySet>([&] { late.set_result(2); });
  if (late.result() != 1) ++wrong;

  // The exception of a producer reaches every consumer, with its type, text and origin.
  auto failing = store.future<int>();
  failing.set_exception(std::domain_error("density is negative in cell 17"));
  expect<RemoteError>([&] { failing.proxy().resolve(); });

  // Closing a store breaks the futures that nobody can set any more, also for those who wait already.
  auto never = store.future<int>();
  std::thread consumer([&] { expect<BrokenFuture>([&] { never.proxy().resolve(); }); });
  store.close();
  consumer.join();
  return wrong;
}
