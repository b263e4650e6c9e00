/// @file
/// Objects in files of one directory.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>

#include <proxystore/connector.hpp>
#include <proxystore/registry.hpp>

namespace proxystore {

namespace file {
class Folder;
class Name;
class Watch;
}  // namespace file

/// Of a FileConnector; as text, options of these names.
struct FileOptions {
  /// What put() or set() has returned from survives a crash of the machine; a few milliseconds on a disk.
  bool fsync = false;
  /// Mode of the files, exactly. A directory that is made can be searched besides by whom it lets read: 0700.
  unsigned permissions = 0600;
  /// close() removes the objects, everybody's, and the directory if nothing else is left. Not part of config().
  bool clear = false;
  /// The longest rest between two looks of one who waits for what the kernel does not tell of (over a network).
  std::chrono::nanoseconds poll = std::chrono::seconds(1);
};

/// Objects as files in one directory, for all processes that see it, Python ProxyStore's FileConnector included.
/// A process that is killed leaves at most a file `.tmp-…` behind, never part of an object; a machine that
/// crashes may, unless `fsync`. Without a network between, large objects are mapped, not read: whoever writes
/// into the file of an object, which neither side does, changes the Bytes that are held.
/// Over NFS, what another machine evicts may be found for some seconds more by one that has read it.
/// Keys are UUIDs. One that names another directory is an InvalidArgument, other names are absent.
/// Errors: StoreFull (no room, quota, limit of a file's size); ConnectorError (permission, a directory that was
/// removed, input and output). A wait in a directory that is removed ends with State::broken.
class PROXYSTORE_EXPORT FileConnector final : public DeferrableConnector {
 public:
  /// Makes the directory if it is missing. One that can only be read will do to get and wait.
  /// Throws ConnectorError, and ConfigError for options that cannot be.
  explicit FileConnector(std::string const& directory, FileOptions options = {});
  ~FileConnector() override;

  /// Large memory where it can be a file already, which put() and set() then need not copy.
  Buffer allocate(std::size_t bytes) override;
  Buffer stage(std::size_t bytes) override;
  Key put(Buffer object) override;
  std::optional<Bytes> get(Key const& key) override;
  bool exists(Key const& key) override;
  /// Leaves a symbolic link, so that everyone finds a future's key gone; of what was put, nothing.
  void evict(Key const& key) override;
  /// All or none; with `fsync`, the directory is written twice, not twice for each object.
  std::vector<Key> put_batch(std::vector<Buffer> objects) override;
  Config config() const override;
  void close() override;
  std::string report() const override;

  Key new_key(KeyHint const& hint) override;
  void set(Key const& key, Buffer object) override;
  State wait(Key const& key, Deadline deadline) override;

  /// Kind `file`: `file:///scratch/run7?fsync=yes&permissions=0640&clear=yes&poll=100ms`, or `file:a/relative/path`.
  static void add_kind(Registry& registry);

 private:
  void ensure_open() const;
  [[noreturn]] void refuse(file::Name const& name) const;

  FileOptions const options_;
  std::unique_ptr<file::Folder> const folder_;
  std::unique_ptr<file::Watch> const watch_;
  std::atomic<bool> closed_{false};
};

}  // namespace proxystore
