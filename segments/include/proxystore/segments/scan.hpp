#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include <proxystore/segments/format.hpp>

namespace proxystore::segments {

struct Found {
  Kind kind;
  std::string key;
  std::uint64_t offset;  ///< of the record in its file
  std::uint64_t bytes;   ///< of the payload
  std::uint64_t hash;
  State state;
  bool whole;  ///< the file has all of them
};

struct Scanned {
  bool is_segment = false;    ///< else it is no such file, or of another version
  std::uint64_t end = 0;      ///< of the last record that was found: where to go on when the file has grown
  std::uint64_t skipped = 0;  ///< bytes before it that are no record: what was never finished, or was overwritten
};

/// Finds the records of a file, from `from` on, which is 0 or where a scan has ended. Reads headers, not payloads.
/// A file that is not there has none. Throws ConnectorError.
PROXYSTORE_EXPORT Scanned scan(std::string const& path, std::uint64_t from,
                               std::function<void(Found const&)> const& visit);

}  // namespace proxystore::segments
