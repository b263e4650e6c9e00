#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <proxystore/buffer.hpp>
#include <proxystore/h5/attributes.hpp>
#include <proxystore/h5/file.hpp>

namespace proxystore::hdf5 {

struct Filters {
  int compression = 0;
  bool checksum = false;
  bool any() const noexcept { return compression > 0 || checksum; }
};

/// Of the HDF5 at run time: "HDF5 1.10.8".
std::string version();

/// Throws ConfigError if this HDF5 was built without one of them.
void require(Filters filters);

/// A file of one object that is ready to be written. Its data is the object's own memory where no filter changes it.
struct Draft {
  Bytes head;                 ///< at the begin of the file
  Bytes data;                 ///< at `offset`
  std::uint64_t offset = 0;
  std::uint64_t size = 0;     ///< of the whole

  void write(h5::File const& file) const;
};

Draft draft(Bytes const& object, h5::Provenance const& provenance, Filters filters);

/// The object in `file`, which lies at `path`. Throws CorruptObject where it is not a whole file of draft()'s kind.
Bytes read_object(h5::File const& file, std::string const& path);

}  // namespace proxystore::hdf5
