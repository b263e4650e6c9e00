#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include <proxystore/buffer.hpp>
#include <proxystore/export.hpp>
#include <proxystore/h5/h5.hpp>

namespace proxystore::h5 {

/// A new HDF5 file in memory. HDF5 cannot give up a file that it failed to write, on a full disk for one: here it
/// writes none, we do. The memory ends behind the last byte that was written into the file: space that is allocated in
/// it and left for later takes none. REQUIRES: a Session, but for using what finish() returned
class PROXYSTORE_EXPORT Image {
 public:
  /// Memory grows by `step` bytes. Data of `data_size` bytes, if that is not 0, comes to lie behind all else, and if it
  /// is large at the begin of a page.
  Image(std::size_t step, std::size_t data_size);

  hid_t file() const noexcept { return file_.get(); }
  struct Finished {
    Bytes bytes;        ///< from its begin on, as far as any were written
    std::uint64_t end;  ///< of the file
  };
  /// Closes the file.
  Finished finish();

 private:
  struct Memory;
  std::shared_ptr<Memory> memory_;  // HDF5 has its address until the file is closed
  Handle file_;
};

}  // namespace proxystore::h5
