/// Names that appear in a directory, waited for as plainly as can be.
#pragma once

#include <string>

namespace raw {

class Watch {
 public:
  explicit Watch(std::string const& directory);
  ~Watch();
  Watch(Watch const&) = delete;
  Watch& operator=(Watch const&) = delete;
  /// Blocks in read() until `path`, in the directory, exists.
  void wait(std::string const& path) const;

 private:
  int const queue_;
};

/// The files that FileConnector::set makes, with nothing around them: the object under another name, linked, then a
/// marker.
void publish(std::string const& path, void const* data, std::size_t size);

}  // namespace raw
