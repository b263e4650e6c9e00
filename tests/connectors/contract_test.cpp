// Every connector is held to the contract here: a new one is one line in this list.
#include "../contract/contract.hpp"

#include <proxystore/connectors/local.hpp>

#include "folder.hpp"

namespace contract {
namespace {

using file_test::FilePair;
using file_test::ScratchFile;

auto const all = testing::Values(
    Case{"local", [] { return std::make_unique<LocalConnector>(); }},
    Case{"forwarding", [] { return std::make_unique<ForwardingConnector>(std::make_unique<LocalConnector>()); }},
    Case{"file", [] { return std::make_unique<ScratchFile>(); }},
    Case{"file_fsync", [] { return std::make_unique<ScratchFile>(FileOptions{.fsync = true}); }},
    Case{"file_pair", [] { return std::make_unique<FilePair>(); }});

}  // namespace

HOLD_TO_CONTRACT(All, all);

}  // namespace contract
