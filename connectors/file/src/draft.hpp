#pragma once

#include <string>

#include <proxystore/buffer.hpp>

#include "folder.hpp"

namespace proxystore::file {

/// A complete object under a name that nobody reads, which goes when this does. With `durable` its content is on
/// the disk before it gets another name.
class Draft {
 public:
  /// Links the object's file if `arena` allocated it, else writes a new one. Throws StoreFull, ConnectorError.
  Draft(Folder const& folder, Buffer object, void const* arena, bool durable);
  Draft(Draft const&) = delete;
  Draft& operator=(Draft const&) = delete;
  ~Draft();

  /// Changes its name to one that nobody else knows of yet; an error if there is such a file all the same.
  void move_to(Name const& name);
  /// Gives it the name besides its own. False if somebody was first.
  bool claim(Name const& name);

 private:
  void write(Buffer const& object, bool durable);
  void adopt(Buffer const& object, bool durable);

  Folder const& folder_;
  std::string name_ = temporary_name();
};

}  // namespace proxystore::file
