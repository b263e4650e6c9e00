/// Tools of the tests of the hdf5 connector: directories, objects, and programs that look from outside.
#pragma once

#include <array>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <sys/wait.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <proxystore/connectors/hdf5.hpp>
#include <proxystore/proxystore.hpp>

#include "../connectors/directory.hpp"

namespace hdf5_test {

using namespace proxystore;
using namespace std::chrono_literals;
using contract::Directory;
using testing::HasSubstr;

/// Waits that must end by themselves end long before this; then the test fails instead of hanging.
inline constexpr auto patience = 50s;

inline Buffer buffer_of(std::string_view text) { return Buffer::copy_of(std::as_bytes(std::span(text))); }

inline std::string object_path(Directory const& directory, Key const& key) {
  return (directory.path() / key.text() / "object.h5").string();
}

inline std::string contents(std::string const& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void overwrite(std::string const& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

struct Result {
  int status = -1;  ///< of exit; negative: a signal
  std::string output;
};

/// Runs a shell command; its output is that on stdout and on stderr.
inline Result run(std::string const& command) {
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(popen((command + " 2>&1").c_str(), "r"), pclose);
  Result result;
  std::array<char, 4096> part;
  while (auto const n = std::fread(part.data(), 1, part.size(), pipe.get())) result.output.append(part.data(), n);
  int const status = pclose(pipe.release());
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  return result;
}

inline bool has(std::string const& command) { return run(command).status == 0; }

/// NumPy's .npy of a header and data, behind the identifier, padded as NumPy pads it.
inline std::string npy_object(std::string header, std::string_view data) {
  while ((10 + header.size() + 1) % 64 != 0) header += ' ';
  header += '\n';
  std::string object = "NP\n\x93NUMPY";
  object += {'\x01', '\x00', static_cast<char>(header.size() & 0xffU), static_cast<char>(header.size() >> 8U)};
  return object + header + std::string(data);
}

}  // namespace hdf5_test
