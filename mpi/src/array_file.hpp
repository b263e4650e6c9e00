#pragma once

#include <mpi.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include <proxystore/mpi/detail/layout.hpp>

namespace proxystore::mpi::detail {

/// False where the library was built without the HDF5 of its MPI: then all else here throws ConfigError.
bool has_array_files() noexcept;

/// Who makes a file, for its attributes.
struct Maker {
  std::string store, key, producer;
};

/// By one rank: a new file with one dataset, its attributes, and room on the disk for all of its elements. Whatever can
/// fail for a want of room or rights fails here, before several ranks have the file open. Throws StoreFull,
/// ConnectorError, InvalidArgument where HDF5 has no such type; nothing is left then.
void make_array_file(std::string const& path, Layout const& layout, Maker const& maker);

/// All ranks of `comm` write to such a file. Each step but closing is for all of them, in one order.
class SharedArrayFile {
 public:
  /// Not collective: throws ConnectorError if this rank cannot open it (on another host, a directory of another name).
  SharedArrayFile(MPI_Comm comm, std::string path);
  SharedArrayFile(SharedArrayFile const&) = delete;
  SharedArrayFile& operator=(SharedArrayFile const&) = delete;
  ~SharedArrayFile();

  void open(Layout const& layout);
  /// A rank without a part writes an empty one.
  void write(Block const& block, Piece const& piece);
  void close();

 private:
  struct Open;
  std::unique_ptr<Open> open_;
};

/// By one process alone. Throws ObjectNotFound if there is no such file, CorruptObject if it is another.
void read_array_file(Layout const& layout, Box const& box, std::span<std::byte> out);

}  // namespace proxystore::mpi::detail
