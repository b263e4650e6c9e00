// Every connector is held to the contract here: a new one is one line in this list.
#include "../contract/contract.hpp"

#include "../../examples/11_own_connector.hpp"

#include <proxystore/connectors/local.hpp>
#ifdef PROXYSTORE_HAVE_HDF5
#include <proxystore/connectors/hdf5.hpp>
#endif

#include "directory.hpp"

#include "folder.hpp"
#include "multi.hpp"
#ifdef PROXYSTORE_HAVE_ENDPOINT
#include "../endpoint/daemon.hpp"
#endif
#ifdef PROXYSTORE_HAVE_REDIS
#include "../redis/server.hpp"
#endif

namespace contract {
namespace {

using file_test::FilePair;
using file_test::ScratchFile;

auto const all = testing::Values(
#ifdef PROXYSTORE_HAVE_HDF5
    Case{"hdf5", [] { return std::make_unique<Hdf5Connector>(Directory::of_this_program()); }},
    Case{"hdf5_filtered",
         [] {
           return std::make_unique<Hdf5Connector>(Directory::of_this_program(),
                                                  Hdf5Options{.compression = 1, .checksum = true});
         },
         20'000'000},
#endif
    Case{"local", [] { return std::make_unique<LocalConnector>(); }},
    Case{"forwarding", [] { return std::make_unique<ForwardingConnector>(std::make_unique<LocalConnector>()); }},
    Case{"lesson", [] { return std::make_unique<ShelfConnector>("of this test"); }},
    Case{"file", [] { return std::make_unique<ScratchFile>(); }},
    Case{"file_fsync", [] { return std::make_unique<ScratchFile>(FileOptions{.fsync = true}); }},
    Case{"file_pair", [] { return std::make_unique<FilePair>(); }},
    Case{"multi", [] { return multi_test::by_size(); }},
    Case{"multi_spill", [] { return multi_test::spilling(); }},
    Case{"multi_refers", [] { return multi_test::beyond_policy(); }});

#ifdef PROXYSTORE_HAVE_REDIS
/// One server for the program; without one on this machine, nothing is held to the contract.
Case redis(std::string name, std::function<void(RedisOptions&)> change = [](auto&) {}) {
  return {std::move(name), [change]() -> std::unique_ptr<Connector> {
            static redis_test::Server server({.tcp = true});
            auto options = server.options();
            options.port = server.port();
            change(options);
            return std::make_unique<RedisConnector>(options);
          }};
}

auto const redis_cases =
    redis_test::Server::program().empty()
        ? std::vector<Case>()
        : std::vector<Case>{redis("redis"),
                            redis("redis_tcp", [](auto& options) { options.transport = RedisTransport::tcp; }),
                            redis("redis_one_connection", [](auto& options) { options.connections = 1; }),
                            redis("redis_prefix", [](auto& options) { options.prefix = "job 7/", options.database = 3; }),
                            redis("redis_parts", [](auto& options) { options.part_size = 4096; })};
#endif

#ifdef PROXYSTORE_HAVE_ENDPOINT
/// One endpoint for the program, in memory, and one with a database.
endpoint_test::Daemon const& endpoint_in_memory() {
  static endpoint_test::Daemon const daemon({"--max-object-size", "200MB"});
  return daemon;
}

auto const endpoint_cases = testing::Values(
    Case{"endpoint", [] { return std::make_unique<EndpointConnector>(endpoint_in_memory().options()); }},
    Case{"endpoint_one_connection",
         [] {
           auto options = endpoint_in_memory().address();
           options.connections = 1;
           return std::make_unique<EndpointConnector>(options);
         }},
    Case{"endpoint_database", [] {
           static endpoint_test::Daemon const daemon({"--max-object-size", "200MB", "--persist"});
           return std::make_unique<EndpointConnector>(daemon.options());
         }});
#endif

}  // namespace

HOLD_TO_CONTRACT(All, all);
#ifdef PROXYSTORE_HAVE_ENDPOINT
HOLD_TO_CONTRACT(Endpoint, endpoint_cases);
#endif
#ifdef PROXYSTORE_HAVE_REDIS
HOLD_TO_CONTRACT(Redis, testing::ValuesIn(redis_cases));
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(EveryConnector);
#endif

}  // namespace contract
