// Every connector is held to the contract here: a new one is one line in this list.
#include "../contract/contract.hpp"

#include <proxystore/connectors/local.hpp>
#ifdef PROXYSTORE_HAVE_HDF5
#include <proxystore/connectors/hdf5.hpp>
#endif

#include "directory.hpp"

#include "folder.hpp"

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
    Case{"file", [] { return std::make_unique<ScratchFile>(); }},
    Case{"file_fsync", [] { return std::make_unique<ScratchFile>(FileOptions{.fsync = true}); }},
    Case{"file_pair", [] { return std::make_unique<FilePair>(); }});

}  // namespace

HOLD_TO_CONTRACT(All, all);

}  // namespace contract
