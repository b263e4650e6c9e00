/// What stands beside a dataset: texts, and where its object came from.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <proxystore/export.hpp>
#include <proxystore/h5/h5.hpp>

namespace proxystore::h5 {

/// A text of fixed length in UTF-8, cut at 1024 bytes; an empty one is left out. REQUIRES: a Session
PROXYSTORE_EXPORT void write_text(hid_t object, char const* name, std::string_view text);

/// nullopt if there is no text of fixed length under that name. REQUIRES: a Session
PROXYSTORE_EXPORT std::optional<std::string> read_text(hid_t object, char const* name);

/// Bytes that mean nothing to HDF5, at most 4096. REQUIRES: a Session
PROXYSTORE_EXPORT void write_opaque(hid_t object, char const* name, std::span<std::byte const> bytes);

/// nullopt if there are no opaque bytes under that name. REQUIRES: a Session
PROXYSTORE_EXPORT std::optional<std::vector<std::byte>> read_opaque(hid_t object, char const* name);

/// Who made an object: the attributes store, key, time, rank, producer and library. What is empty is left out.
struct Provenance {
  std::string store;
  std::string key;
  std::string producer;     ///< "process 4711 on node7"
  std::optional<int> rank;  ///< of the producer, in MPI_COMM_WORLD
};

/// `time` is now, in UTC as ISO 8601 has it; `library` is this one with its version. REQUIRES: a Session
PROXYSTORE_EXPORT void write_provenance(hid_t object, Provenance const& provenance);

}  // namespace proxystore::h5
