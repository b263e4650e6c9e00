// Every connector is held to the contract here: a new one is one line in this list.
#include "../contract/contract.hpp"

#include <proxystore/connectors/local.hpp>

namespace contract {
namespace {

auto const all = testing::Values(
    Case{"local", [] { return std::make_unique<LocalConnector>(); }},
    Case{"forwarding", [] { return std::make_unique<ForwardingConnector>(std::make_unique<LocalConnector>()); }});

}  // namespace

HOLD_TO_CONTRACT(All, all);

}  // namespace contract
