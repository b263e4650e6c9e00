#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <proxystore/segments/format.hpp>

namespace proxystore::segments {

enum class Fate {
  there,      ///< perhaps not intact: Reader finds that out
  cut,        ///< its file ends before it does
  ambiguous,  ///< two ranks were setting it when their job was killed, and either may have been first
  evicted,
  absent,  ///< never set, or evicted and its segment removed
};

struct Entry {
  Fate fate = Fate::absent;
  FileName file = {};
  Locator at = {};
};

/// What a directory has of jobs that have ended, by the records of their segments. Reads nothing before it is asked,
/// and then the files of the key's session alone, those of the rank that most likely wrote it first: its number begins
/// the key behind the session. Whoever asks for something absent lets it look for what files have grown by.
/// Thread-safe.
class PROXYSTORE_EXPORT Index {
 public:
  explicit Index(std::string directory) : directory_(std::move(directory)) {}

  /// `key` is `<session>.<what its connector made of it>`. Throws ConnectorError.
  Entry find(std::string_view key, std::optional<std::uint32_t> likely_rank = std::nullopt);
  /// From now on it is evicted, by this process. True if it may have been the last of its file.
  bool bury(std::string const& key);
  /// Objects of that file that are not evicted, by what the directory says now.
  std::size_t objects_in(FileName const& file);
  /// Everything in the directory: each object once, in the order of its files. For a listing.
  std::vector<std::pair<std::string, Entry>> all();

 private:
  struct Known {
    Entry entry;
    State state = State::withdrawn;
    bool cut = false, ambiguous = false;
  };
  void list();
  void read_graves();
  void read(FileName const& file);
  void read_session(std::string_view session, std::optional<std::uint32_t> rank);
  std::optional<Entry> look(std::string const& key) const;
  std::size_t count(std::string const& file) const;

  std::string const directory_;
  std::mutex mutex_;  // guards all below
  std::vector<FileName> files_;
  std::unordered_map<std::string, std::uint64_t> read_to_;  // by name of the file
  std::unordered_map<std::string, Known> known_;
  std::unordered_set<std::string> graves_;
  std::unordered_map<std::string, std::size_t> left_;  // in files of which this process has evicted something
};

/// The text of a session's file, its first line; empty if there is no such session.
PROXYSTORE_EXPORT std::string describe_session(std::string const& directory, std::string_view session);
/// Makes that file; `durable`: on the disk. Throws ConnectorError, StoreFull.
PROXYSTORE_EXPORT void write_session(std::string const& directory, std::string_view session, std::string const& text,
                                     bool durable, unsigned permissions);
/// Whether segments lie there.
PROXYSTORE_EXPORT bool has_segments(std::string const& directory);

}  // namespace proxystore::segments
