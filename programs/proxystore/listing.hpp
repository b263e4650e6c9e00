#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <proxystore/segments/describe.hpp>

namespace proxystore::program {

/// An object of a store on disk.
struct Item {
  std::string key;
  std::uint64_t bytes = 0;
  std::string state;  ///< ok, evicted, corrupt
  segments::Description what = {};
  std::string file = {};     ///< in the directory
  std::string problem = {};  ///< of what is corrupt
};

struct Listing {
  std::string kind;                    ///< parallel-file, file, hdf5
  std::vector<std::string> jobs = {};  ///< a line for each that wrote there, where that is known
  std::vector<Item> items = {};
};

enum class Checks { all, headers };

/// What the directory holds, found out by the names in it. Reads all objects; with Checks::headers, of segments, only
/// what tells type and shape. Throws InvalidArgument for a directory that holds no store, ConnectorError.
Listing list(std::string const& directory, Checks checks);

}  // namespace proxystore::program
