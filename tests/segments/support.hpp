/// Directories with segments, and files that are damaged.
#pragma once

#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <proxystore/error.hpp>
#include <proxystore/segments/index.hpp>
#include <proxystore/segments/reader.hpp>
#include <proxystore/segments/scan.hpp>
#include <proxystore/segments/writer.hpp>

#include "../connectors/directory.hpp"
#include "../contract/filling.hpp"

namespace segments_test {

using namespace proxystore;
using namespace proxystore::segments;
using contract::Directory;
using contract::filled;
using contract::is_filled;
using segments::State;
using testing::ElementsAre;
using testing::HasSubstr;

inline constexpr char session[] = "01234567-89ab-4cde-8f01-23456789abcd";

inline std::string key(int i) { return std::string(session) + ".0." + std::to_string(i) + ".1"; }

inline std::string contents(std::string const& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void overwrite(std::string const& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

/// Each way to write: through a mapping, and by calls.
class Segments : public testing::TestWithParam<bool> {
 protected:
  WriterOptions options() const {
    return {.directory = directory.path().string(), .session = session, .segment = 1'000'000, .mapped = GetParam()};
  }
  ReaderOptions reading() const { return {.directory = directory.path().string(), .mapped = GetParam()}; }
  Locator append(Writer& writer, int i, Buffer object, State state = State::complete) {
    auto const name = key(i);
    std::vector<Writer::Item> items;
    items.push_back({name, std::move(object), state});
    writer.append(items);
    return items[0].at;
  }
  FileName file(std::uint64_t number, Kind kind = Kind::object) const { return {session, 0, number, kind}; }
  std::string path(std::uint64_t number, Kind kind = Kind::object) const {
    return (directory.path() / file(number, kind).text()).string();
  }
  std::vector<Found> found_in(std::string const& name) {
    std::vector<Found> all;
    scanned = scan(name, 0, [&](Found const& found) { all.push_back(found); });
    return all;
  }

  Directory directory;
  Scanned scanned;
};

}  // namespace segments_test
