/// A directory of its own for each test, or for a whole program, gone at its end.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <stdlib.h>
#include <string>

namespace contract {

class Directory {
 public:
  Directory() {
    auto name = (std::filesystem::temp_directory_path() / "proxystore-test-XXXXXX").string();
    if (!mkdtemp(name.data())) throw std::runtime_error("no directory can be made at " + name);
    path_ = name;
  }
  ~Directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Directory(Directory const&) = delete;
  Directory& operator=(Directory const&) = delete;

  std::filesystem::path const& path() const noexcept { return path_; }

  /// For connectors whose objects may lie side by side.
  static std::filesystem::path const& of_this_program() {
    static Directory const directory;
    return directory.path();
  }

 private:
  std::filesystem::path path_;
};

}  // namespace contract
