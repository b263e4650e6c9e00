/// @file
/// Objects in HDF5 files.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include <proxystore/connector.hpp>
#include <proxystore/registry.hpp>

namespace proxystore {

/// Of an Hdf5Connector; as text, options of these names.
struct Hdf5Options {
  int compression = 0;    ///< of zlib, 1 (fast) to 9 (small); 0: none
  bool checksum = false;  ///< Fletcher-32 of the data, so that damage is CorruptObject when it is read
  bool sync = false;      ///< an object is on the disk, not only in the system's cache, when put() or set() returns
};

/// Objects as HDF5 files in a directory that the processes share: `<directory>/<key>/object.h5`, with one dataset
/// `/object`. An Array is typed and shaped, for h5dump, h5py and all that reads HDF5; other objects are opaque bytes.
/// Attributes: identifier, store, key, time, rank (where a launcher tells it), producer and library.
///
/// A file is complete before it has its name, and never changes under it: any number of processes may read and write
/// side by side, and what was announced outlives the death of its writer, close() and the job.
///
/// All threads of a process take turns inside HDF5, but not while they wait, nor while they move uncompressed data.
class PROXYSTORE_EXPORT Hdf5Connector final : public DeferrableConnector {
 public:
  /// Makes the directory if there is none. Throws ConnectorError if it cannot, ConfigError for an option that this
  /// HDF5 cannot serve.
  explicit Hdf5Connector(std::filesystem::path directory, Hdf5Options options = {});
  ~Hdf5Connector() override;

  /// Throws StoreFull when the disk is; nothing is left of the object then, and others are intact.
  Key put(Buffer object) override;
  /// Throws CorruptObject if the file is not a whole one of this connector.
  std::optional<Bytes> get(Key const& key) override;
  bool exists(Key const& key) override;
  void evict(Key const& key) override;
  Config config() const override;
  void close() override;
  void opened_as(std::string const& store) override { store_ = store; }
  std::string report() const override;

  Key new_key(KeyHint const& hint) override;
  /// Throws StoreFull when the disk is; the key is pending still then.
  void set(Key const& key, Buffer object) override;
  /// Told by the kernel where producer and consumer share one, else found by looking, at most 100 ms late.
  State wait(Key const& key, Deadline deadline) override;

  /// Kind `hdf5`: `hdf5:/scratch/run7?compression=4&checksum=yes&sync=yes`.
  static void add_kind(Registry& registry);

 private:
  struct Parts;
  void ensure_open() const;

  std::filesystem::path const directory_;
  Hdf5Options const options_;
  std::string store_;
  std::unique_ptr<Parts> parts_;
};

}  // namespace proxystore
