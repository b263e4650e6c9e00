#pragma once

#include <optional>
#include <string>

#include <proxystore/connector.hpp>
#include <proxystore/key.hpp>

namespace proxystore::hdf5 {

/// The directory that all processes share, with one directory for each key:
///
///     <root>/<key>                 the key was made: pending
///     <root>/<key>/object.h5       ready
///     (no <root>/<key>)            gone
///     <root>/<key>/.<name>         being written; left behind where the writer died, until the key is evicted
///     <root>/.<key>                being removed
///
/// Each arrow of the state machine is one rename, which the file system makes atomic, also between hosts:
///
///     pending ── <key>/.<name> to <key>/object.h5, unless there is one ──▶ ready
///     pending, ready ── <key> to .<key> ──▶ gone
///
/// So one of several setters wins, and a set whose key is evicted meanwhile finds no directory to rename in. Evicting
/// leaves nothing behind, and waiting for a key looks into its small directory alone.
class Place {
 public:
  /// Makes `root` where it is not there. Throws ConnectorError.
  explicit Place(std::string root);

  /// A fresh key, pending.
  Key make() const;
  /// pending, ready or gone; gone for what is no key of a Place. Sees what another host has renamed: NFS keeps absent
  /// names in its cache, but not longer than until their directory is opened again.
  State look(Key const& key) const;
  /// Makes the pending key gone, or the ready one. What is gone already: no error.
  void remove(Key const& key) const;

  std::string directory(Key const& key) const;
  /// The file of the object. REQUIRES: look(key) was not gone
  std::string object(Key const& key) const;
  /// A name for writing in.
  std::string draft(Key const& key) const;
  /// Announces the file at `draft`. Throws AlreadySet and ObjectNotFound.
  void publish(Key const& key, std::string const& draft) const;

 private:
  std::string root_;
};

}  // namespace proxystore::hdf5
