#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include <proxystore/buffer.hpp>
#include <proxystore/segments/format.hpp>

namespace proxystore::segments {

struct ReaderOptions {
  std::string directory = {};
  /// Objects are views of mapped files: for file systems of this machine alone (see is_local). Else each is read.
  bool mapped = false;
  /// The file is opened for each object: what has been flushed before is then seen, also over NFS.
  bool reopened = false;
  /// Each object's checksum is compared.
  bool verified = true;
  /// How far a file that grows is mapped when it is opened.
  std::size_t map_bytes = std::size_t{256} << 20U;
  std::size_t open_files = 32;  ///< kept open between two reads, at most
};

/// Reads objects out of segments, its own process's and others'. Thread-safe.
class PROXYSTORE_EXPORT Reader {
 public:
  explicit Reader(ReaderOptions options);
  Reader(Reader const&) = delete;
  Reader& operator=(Reader const&) = delete;
  ~Reader();

  /// nullopt: there is no such file (any more). `key` is for messages. Throws CorruptObject for one that is not what
  /// `at` says, ConnectorError. Bytes stay valid when the reader and the file are gone.
  std::optional<Bytes> read(FileName const& file, Locator const& at, std::string const& key);
  /// Lets go of files that were removed: until then they take space.
  void forget_removed();

 private:
  class View;
  std::shared_ptr<View> open(std::string const& name);
  void remember(std::string const& name, std::shared_ptr<View> const& view);

  ReaderOptions const options_;
  std::mutex mutex_;
  std::list<std::pair<std::string, std::shared_ptr<View>>> views_;  // latest first; guarded by mutex_
};

/// The file system belongs to this machine: what one process stores into a mapping, another sees at once, and a file
/// that is removed stays with those who have it open.
PROXYSTORE_EXPORT bool is_local(std::string const& directory) noexcept;
/// Space can be reserved there, without which a store into a mapping may find none. Makes a file without a name.
PROXYSTORE_EXPORT bool can_reserve(std::string const& directory) noexcept;
/// NFS, whose clients see what others have written when they open a file after these have flushed or closed it.
PROXYSTORE_EXPORT bool is_nfs(std::string const& directory) noexcept;

}  // namespace proxystore::segments
