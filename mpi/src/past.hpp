#pragma once

#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include <proxystore/connector.hpp>
#include <proxystore/segments/index.hpp>
#include <proxystore/segments/reader.hpp>
#include <proxystore/segments/writer.hpp>

namespace proxystore::mpi::detail {

/// The key of an object in segments: whose it is, and what the rma store of that job called it.
struct Parts {
  std::string_view session, name;
};
/// nullopt: no key of this kind of connector. Valid as long as the key.
std::optional<Parts> parts_of(Key const& key) noexcept;
Key key_of(std::string_view session, std::string_view name);

/// Objects of jobs that have ended. Thread-safe.
class Past {
 public:
  Past(std::string directory, segments::Reader& reader, segments::Writer& writer)
      : directory_(std::move(directory)), index_(directory_), reader_(reader), writer_(writer) {}

  /// nullopt: not set, or evicted. Throws CorruptObject.
  std::optional<Bytes> get(Key const& key);
  /// ready or gone. Throws BrokenFuture for one that was never set.
  State state(Key const& key);
  bool exists(Key const& key) { return is_there(find(key).fate); }
  void evict(Key const& key);
  /// It cannot be set: why.
  [[noreturn]] void refuse(Key const& key);
  /// Removes the files of which this rank, and perhaps others, have evicted everything.
  void clean_up();

 private:
  static bool is_there(segments::Fate fate) noexcept {
    return fate != segments::Fate::absent && fate != segments::Fate::evicted;
  }
  segments::Entry find(Key const& key);
  void remove_if_empty(segments::FileName const& file);

  std::string const directory_;
  segments::Index index_;
  segments::Reader& reader_;
  segments::Writer& writer_;
  std::mutex mutex_;               // guards touched_
  std::set<std::string> touched_;  // files of which this rank has evicted something
};

}  // namespace proxystore::mpi::detail
