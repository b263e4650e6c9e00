// What an endpoint takes beside bare sockets over loopback (raw/endpoint.hpp), with daemons of its own:
//     bench_endpoint
#include <proxystore/connectors/endpoint.hpp>
#include <proxystore/proxystore.hpp>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "daemon.hpp"
#include "raw/endpoint.hpp"
#include "rows.hpp"
#include "waiting.hpp"

using namespace proxystore;

namespace {

constexpr std::size_t small = 1024, large = std::size_t{64} << 20U;

Buffer object_of(std::size_t size) {
  Buffer object(size);
  std::fill(object.span().begin(), object.span().end(), std::byte{'x'});
  return object;
}

struct Size {
  std::string name;
  std::size_t bytes;
  int times, repetitions;
};

void put_and_get(bench::Program& program, EndpointConnector& connector, Size const& size) {
  auto const bare = std::make_shared<raw::Server>(size.bytes);
  auto const keys = std::make_shared<std::vector<Key>>();
  auto const object = std::make_shared<Buffer>(object_of(size.bytes));
  int const times = program.count(size.times);
  auto const bytes = size.bytes;
  auto const put = [=, &connector] {
    for (int i = 0; i < times; ++i) keys->push_back(connector.put(Buffer::copy_of(object->span())));
  };
  auto const evict = [=, &connector] {
    for (auto const& key : *keys) connector.evict(key);
    keys->clear();
  };
  auto const bare_put = [=] {
    for (int i = 0; i < times; ++i) bare->put(Buffer::copy_of(object->span()).data());
  };
  auto const row = [&](std::string const& what, bench::Way ours, bench::Way twin) {
    program.add({.name = "endpoint " + what + ", " + size.name,
                 .ours = std::move(ours),
                 .twin = std::move(twin),
                 .each = static_cast<double>(times),
                 .repetitions = size.repetitions});
  };
  row("put", {{put}, {}, evict}, {{bare_put}});
  row("get",
      {{[=, &connector] {
         for (auto const& key : *keys) bench::require(connector.get(key)->size() == bytes, "an object is not whole");
       }},
       put,
       evict},
      {{[=] {
         for (int i = 0; i < times; ++i) bare->get();
       }},
       bare_put});
}

bench::Way waiting(EndpointConnector& producer, EndpointConnector& consumer, int times) {
  auto const keys = std::make_shared<std::vector<Key>>();
  return {.run = {[=, &producer, &consumer] {
            return bench::handed_over(
                times, [&](std::size_t i) { producer.set((*keys)[i], object_of(small)); },
                [&](std::size_t i) { consumer.receive((*keys)[i], Deadline::never()); });
          }},
          .prepare =
              [=, &producer] {
                for (int i = 0; i < times; ++i) keys->push_back(producer.new_key({}));
              },
          .clean =
              [=, &producer] {
                for (auto const& key : *keys) producer.evict(key);
                keys->clear();
              }};
}

void to_who_waits(bench::Program& program, std::string const& name, EndpointConnector& producer,
                  EndpointConnector& consumer) {
  int const times = program.count(40);
  auto const relay = std::make_shared<raw::Relay>(small);
  auto const received = std::make_shared<Buffer>(small);
  program.add({.name = name,
               .ours = waiting(producer, consumer, times),
               .twin = {{[=] {
                 return bench::handed_over(
                     times, [&](std::size_t) { relay->send(object_of(small).data()); },
                     [&](std::size_t) { relay->receive(received->data()); });
               }}},
               .each = static_cast<double>(times),
               .repetitions = 11});
}

/// Objects of an endpoint, got through another that is its peer: two hops over HTTP, and TLS between.
void got_of_peer(bench::Program& program, EndpointConnector& here, EndpointConnector& there, Size const& size) {
  auto const bare = std::make_shared<raw::TlsServer>(size.bytes);
  auto const key = here.put(object_of(size.bytes));
  int const times = program.count(size.times);
  program.add({.name = "endpoint get of a peer, " + size.name + ", beside TLS",
               .ours = {{[=, &there] {
                 for (int i = 0; i < times; ++i) there.get(key);
               }}},
               .twin = {{[=] {
                 for (int i = 0; i < times; ++i) bare->get();
               }}},
               .each = static_cast<double>(times),
               .repetitions = size.repetitions});
}

}  // namespace

int main(int argc, char** argv) {
  bench::Program program("endpoint", argc, argv);
  endpoint_test::Folder const folder;
  auto const secret = folder.path() + "/secret";
  endpoint_test::run(folder.path(), {"secret", secret});
  std::vector<std::string> const options{"--max-object-size", "1GiB", "--secret-file", secret};
  auto listening = options;
  listening.insert(listening.end(), {"--listen", "127.0.0.1:0"});
  endpoint_test::Daemon const near(listening, "near");
  endpoint_test::Daemon far(options, "far");
  auto const log = near.log();
  auto const at = log.find("(port ", log.find("peers can dial")) + 6;
  far.stop();
  endpoint_test::run(far.home(),
                     {"peer", "far", near.uuid(), "--address", "127.0.0.1:" + log.substr(at, log.find(')', at) - at)});
  far.start();

  EndpointConnector here(near.options()), also_here(near.options()), there(far.options());
  Size const kibibyte{"1 KiB", small, 200, 15}, mebibytes{"64 MiB", large, 1, 11};
  for (auto const& size : {kibibyte, mebibytes}) put_and_get(program, here, size);
  to_who_waits(program, "endpoint set to who waits, 1 KiB, beside two sockets", here, also_here);
  for (auto const& size : {kibibyte, mebibytes}) got_of_peer(program, here, there, size);
  to_who_waits(program, "endpoint set to who waits at a peer, 1 KiB", here, there);
  return program.run();
}
