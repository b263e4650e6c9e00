/// The directory, and what each name in it means.
///
///     .tmp-<uuid>                    nobody's object: being written, or left by a process that was killed
///     <uuid>                         a file: an object, if it has its marker
///     <uuid>.ready                   the marker, empty: Python ProxyStore looks at this alone
///     <uuid> -> /dev/null/evicted    gone for ever: no file can be made where this leads
///
///     PENDING ── link: <uuid> ──▶ claimed ── <uuid>.ready ──▶ READY ── link renamed over <uuid> ──▶ GONE
///        └──────────────────── symbolic link <uuid> ────────────────────────────────────────────────▲
///
/// Whoever first makes the name <uuid> has set or evicted the key: link() and symlink() never replace, on NFS
/// neither. A claimed object is complete, and has its second name .tmp-… until its marker is there. So whoever
/// finds it claimed (its setter was killed) can finish for it; what has one name alone may be a Python program's,
/// which writes under the final name.
#pragma once

#include <functional>
#include <string>
#include <sys/stat.h>

#include <proxystore/connector.hpp>

#include "name.hpp"
#include "posix.hpp"

namespace proxystore::file {

/// All members are thread-safe.
class Folder {
 public:
  /// Makes the directory if it is missing, and those above it.
  Folder(std::string path, mode_t permissions);

  std::string const& path() const noexcept { return path_; }
  int fd() const noexcept { return fd_.get(); }
  mode_t permissions() const noexcept { return permissions_; }
  /// False where no other machine changes the directory: all changes are told of, none is seen late, and a file
  /// that was unlinked stays with those who have it open.
  bool is_shared() const noexcept { return shared_; }
  /// False once removed.
  bool is_there() const noexcept;
  Attempt attempt(std::string_view verb, std::string_view name = {}) const noexcept { return {verb, path_, name}; }

  /// pending, ready or gone, by what this machine knows now.
  State look(Name const& name) const;
  /// The file of an object that is there; else none.
  Descriptor open(Name const& name) const;
  /// Reads the directory anew where this machine may remember an older state (NFS: up to a minute), so that those
  /// above see what was done before; false if there is no need. Throws ConnectorError if it was removed.
  bool refresh() const;
  void for_each_name(std::function<void(std::string_view name)> const& visit) const;

  /// READY, if it was claimed and has not been evicted meanwhile.
  void mark(Name const& name) const;
  /// READY, if it was claimed by one who was killed.
  void finish(Name const& name) const;
  /// PENDING again.
  void withdraw(Name const& name) const noexcept;
  /// GONE. Without room for that, just absent.
  void evict(Name const& name) const;
  /// To the disk: what was created, linked and renamed.
  void sync() const;
  void unlink(std::string const& name) const;
  /// Removes all that this kind of connector writes, and the directory if that was all.
  void clear() const;

 private:
  bool bury(Name const& name) const;
  bool status(std::string const& name, struct stat& out) const;

  std::string const path_;
  mode_t const permissions_;
  Descriptor fd_;
  bool shared_ = true;
};

/// A name that no reader looks at.
std::string temporary_name();
bool is_temporary(std::string_view name) noexcept;

}  // namespace proxystore::file
