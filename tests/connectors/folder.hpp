/// Directories of tests, and connectors on them.
#pragma once

#include <filesystem>
#include <memory>
#include <stdlib.h>
#include <string>
#include <system_error>

#include <proxystore/connectors/file.hpp>
#include <proxystore/proxystore.hpp>

namespace file_test {

using namespace proxystore;

/// A directory of its own, removed at the end.
class Scratch {
 public:
  explicit Scratch(std::filesystem::path const& parent = std::filesystem::temp_directory_path()) {
    auto pattern = (parent / "proxystore-XXXXXX").string();
    if (!::mkdtemp(pattern.data())) throw std::system_error(errno, std::generic_category(), pattern);
    path_ = pattern;
  }
  Scratch(Scratch const&) = delete;
  Scratch& operator=(Scratch const&) = delete;
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  std::filesystem::path const& path() const noexcept { return path_; }
  std::filesystem::path operator/(std::string const& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

/// A connector in a directory of its own, which goes with it.
class ScratchFile final : private Scratch, public ForwardingConnector {
 public:
  explicit ScratchFile(FileOptions options = {})
      : ForwardingConnector(std::make_unique<FileConnector>((*this / "objects").string(), options)) {}
};

/// Two connectors on one directory, as two processes have: one makes, the other looks.
class FilePair final : private Scratch, public ForwardingConnector {
 public:
  FilePair()
      : ForwardingConnector(std::make_unique<FileConnector>((*this / "objects").string())),
        other_((*this / "objects").string()) {}

  std::optional<Bytes> get(Key const& key) override { return other_.get(key); }
  std::vector<std::optional<Bytes>> get_batch(std::vector<Key> const& keys) override { return other_.get_batch(keys); }
  bool exists(Key const& key) override { return other_.exists(key); }
  State wait(Key const& key, Deadline deadline) override { return other_.wait(key, deadline); }
  void close() override {
    ForwardingConnector::close();
    other_.close();
  }

 private:
  FileConnector other_;
};

}  // namespace file_test
